"""One picture as a JPEG file."""

from __future__ import annotations

from fractions import Fraction
from typing import cast

import av
import av.error
from av.codec.context import CodecContext
from av.video.frame import VideoFrame
from av.video.reformatter import Colorspace

from recognizers.clip import Picture
from streamer.errors import ClipUnwritable
from streamer.media.planes import Planes

SHARP, PLAIN = 3, 5
"""FFmpeg's scale from 2 (best) to 31: what is drawn stays sharp, what is seen for a moment takes less bytes."""
_BT709 = 1


def jpeg(picture: Picture, quality: int = SHARP) -> bytes:
    """A baseline JPEG of a `(H, W, 3)` uint8 RGB picture.

    Raises:
        ClipUnwritable: this installation's FFmpeg cannot encode it.
    """
    try:
        return _coded(av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format="yuvj420p"), quality)
    except (av.error.FFmpegError, ValueError) as error:
        raise _uncoded(error) from None


def jpeg_of(planes: Planes, quality: int = PLAIN) -> bytes:
    """The same of planes. JFIF knows one matrix, BT.601: what is made by another is converted.

    Raises:
        ClipUnwritable: as `jpeg`.
    """
    try:
        frame = _frame(planes)
        if planes.matrix == _BT709:
            frame = frame.reformat(dst_colorspace=Colorspace.ITU601, threads=1)
        return _coded(frame, quality)
    except (av.error.FFmpegError, ValueError) as error:
        raise _uncoded(error) from None


def rgb_of(planes: Planes) -> Picture:
    """`(H, W, 3)` uint8 RGB."""
    return cast(Picture, _frame(planes).reformat(format="rgb24", threads=1).to_ndarray())


def _frame(planes: Planes) -> VideoFrame:
    frame = av.VideoFrame.from_ndarray(planes.pixels, format="yuvj420p")
    frame.colorspace = planes.matrix
    return frame


def _coded(frame: VideoFrame, quality: int) -> bytes:
    coder = CodecContext.create("mjpeg", "w")
    coder.height, coder.width = frame.height, frame.width
    coder.pix_fmt, coder.time_base, coder.thread_count = "yuvj420p", Fraction(1, 25), 1
    coder.options = {"qmin": str(quality), "qmax": str(quality)}
    return b"".join(bytes(packet) for packet in [*coder.encode(frame), *coder.encode(None)])


def _uncoded(error: Exception) -> ClipUnwritable:
    return ClipUnwritable(f"a picture cannot be coded as JPEG ({type(error).__name__})")
