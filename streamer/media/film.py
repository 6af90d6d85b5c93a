"""Decoded pictures as an MP4 film: coded anew, where there are no packets as the camera sent them."""

from __future__ import annotations

import io
from collections.abc import Sequence
from fractions import Fraction

import av
import av.error

from recognizers.clip import Picture
from streamer.errors import ClipUnwritable

_OPTIONS = {"preset": "veryfast", "crf": "18", "bf": "0"}
"""Near what was seen; a clip is small."""


def film(pictures: Sequence[Picture], interval_s: float) -> bytes:
    """H.264 in an MP4, each picture shown for `interval_s` seconds.

    Args:
        pictures: `(H, W, 3)` uint8 RGB, all of one even size (as analysis sizes are), at least one.

    Raises:
        ClipUnwritable: this installation's FFmpeg cannot encode them.
    """
    made = io.BytesIO()
    try:
        with av.open(made, "w", format="mp4") as container:
            rate = Fraction(1 / interval_s).limit_denominator(1000)
            stream = container.add_stream("libx264", rate=rate, options=_OPTIONS)
            stream.height, stream.width = pictures[0].shape[:2]
            stream.pix_fmt, stream.time_base = "yuv420p", 1 / rate
            for number, picture in enumerate(pictures):
                frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
                frame.pts, frame.time_base = number, 1 / rate
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
    except (av.error.FFmpegError, ValueError) as error:
        raise ClipUnwritable(
            f"pictures cannot be coded as H.264 ({type(error).__name__}); install PyAV's wheel"
        ) from None
    return made.getvalue()
