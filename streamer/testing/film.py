"""Films for tests and benchmarks: pictures in, an H.264 file out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Literal

import av
import numpy as np

from recognizers.clip import Picture


def write_film(
    path: Path,
    pictures: Iterable[Picture],
    fps: int,
    bit_rate: int = 1_500_000,
    codec: Literal["libx264", "libx265"] = "libx264",
    **more: str,
) -> Path:
    """Encode as a camera does: no B-frames, a key frame every two seconds. Returns `path`.

    Args:
        more: options of the encoder, in addition to or instead of those of a camera.
    """
    with av.open(str(path), "w") as film:
        stream = None
        for number, picture in enumerate(pictures):
            if stream is None:
                options = {"preset": "veryfast", "tune": "zerolatency", "g": str(2 * fps), **more}
                stream = film.add_stream(codec, rate=fps, options=options)
                stream.height, stream.width = picture.shape[:2]
                stream.pix_fmt, stream.bit_rate, stream.time_base = "yuv420p", bit_rate, Fraction(1, fps)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts = number
            film.mux(stream.encode(frame))
        if stream is None:
            raise ValueError("a film needs at least one picture")
        film.mux(stream.encode(None))
    return path


def read_film(path: Path, width: int, height: int, fps: int) -> Iterator[Picture]:
    """Pictures of a film at another size and rate (the nearest earlier picture is repeated or left out)."""
    shown = 0
    with av.open(str(path)) as film:
        for frame in film.decode(video=0):
            due = int(frame.time * fps) + 1
            if due > shown:
                picture = frame.to_ndarray(format="rgb24", width=width, height=height).astype(np.uint8, copy=False)
                yield from [picture] * (due - shown)
                shown = due


def moving_square(seconds: float, fps: int, width: int = 320, height: int = 180) -> Iterator[Picture]:
    """A bright square that circles over a grey gradient: something to decode, nothing to recognize."""
    ground = np.broadcast_to(np.linspace(60, 120, width, dtype=np.uint8)[None, :, None], (height, width, 3))
    for number in range(round(seconds * fps)):
        turn = 2 * np.pi * number / (3 * fps)
        x, y = int(width * (0.5 + 0.3 * np.cos(turn))), int(height * (0.5 + 0.3 * np.sin(turn)))
        picture = ground.copy()
        picture[y - 12 : y + 12, x - 12 : x + 12] = (230, 200, 40)
        yield picture
