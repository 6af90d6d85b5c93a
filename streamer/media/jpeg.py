"""One picture as a JPEG file."""

from __future__ import annotations

from fractions import Fraction

import av
import av.error
from av.codec.context import CodecContext

from recognizers.clip import Picture
from streamer.errors import ClipUnwritable

_OPTIONS = {"qmin": "3", "qmax": "3"}
"""FFmpeg's scale from 2 (best) to 31: what is drawn stays sharp."""


def jpeg(picture: Picture) -> bytes:
    """A baseline JPEG of a `(H, W, 3)` uint8 RGB picture.

    Raises:
        ClipUnwritable: this installation's FFmpeg cannot encode it.
    """
    try:
        coder = CodecContext.create("mjpeg", "w")
        coder.height, coder.width = picture.shape[:2]
        coder.pix_fmt, coder.time_base, coder.options = "yuvj420p", Fraction(1, 25), _OPTIONS
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format="yuvj420p")
        return b"".join(bytes(packet) for packet in [*coder.encode(frame), *coder.encode(None)])
    except (av.error.FFmpegError, ValueError) as error:
        raise ClipUnwritable(f"a picture cannot be coded as JPEG ({type(error).__name__})") from None
