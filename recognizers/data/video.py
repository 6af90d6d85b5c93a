"""Recorded video as evenly spaced pictures. This package's door to FFmpeg."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import av
import av.error
import numpy as np

from recognizers.clip import Picture
from recognizers.errors import DataError


def pictures(path: Path, rate_hz: float, short_side_px: int) -> Iterator[Picture]:
    """Pictures `(H, W, 3)` at `rate_hz`, by the video's own timestamps; none larger than the video's own.

    A moment without a picture of its own shows the one before, as a screen would.

    Raises:
        DataError: the file is no video that can be read.
    """
    try:
        with av.open(str(path)) as film:
            film.streams.video[0].thread_type = "AUTO"
            shown = 0
            began_s: float | None = None
            for frame in film.decode(video=0):
                if frame.pts is None:
                    continue
                began_s = frame.time if began_s is None else began_s
                due = int((frame.time - began_s) * rate_hz + 0.5) + 1
                if due > shown:
                    scale = min(1.0, short_side_px / min(frame.width, frame.height))
                    width, height = round(frame.width * scale), round(frame.height * scale)
                    picture = frame.to_ndarray(format="rgb24", width=width, height=height).astype(np.uint8, copy=False)
                    yield from [picture] * (due - shown)
                    shown = due
    except (av.error.FFmpegError, OSError, ValueError, IndexError) as error:
        raise DataError(
            f"{path} is not a video that can be read ({type(error).__name__}); replace or remove it"
        ) from None
