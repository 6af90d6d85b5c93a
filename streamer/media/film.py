"""Decoded pictures as an MP4 film: coded anew, where a camera's own packets are none, or must not be kept."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from fractions import Fraction

import av
import av.error

from recognizers.clip import Picture
from streamer.errors import ClipUnwritable
from streamer.media.decoding import Shown
from streamer.media.mp4 import index_first

_OPTIONS = {"preset": "veryfast", "crf": "18", "bf": "0"}
"""Near what was seen; a clip is small."""
_UNIT = Fraction(1, 90_000)
"""Of time, in seconds."""


def film(pictures: Sequence[Picture], interval_s: float) -> bytes:
    """H.264 in an MP4, each picture shown for `interval_s` seconds.

    Args:
        pictures: `(H, W, 3)` uint8 RGB, all of one even size (as analysis sizes are), at least one.

    Raises:
        ClipUnwritable: this installation's FFmpeg cannot encode them.
    """
    return filmed(((number * interval_s, picture) for number, picture in enumerate(pictures)), len(pictures))


def filmed(shown: Iterable[Shown], most: int, comment: str = "") -> bytes:
    """The same of pictures at their times, one at a time in memory.

    Args:
        shown: all of one even size, at least one.
        most: as many pictures at most.
        comment: what the film says of itself.

    Raises:
        ClipUnwritable: this installation's FFmpeg cannot encode them.
    """
    made, stream = io.BytesIO(), None
    try:
        with av.open(made, "w", format="mp4", options=index_first(most)) as container:
            container.metadata["comment"] = comment
            for at_s, picture in shown:
                if stream is None:
                    stream = container.add_stream("libx264", rate=25, options=_OPTIONS)  # its times count, not its rate
                    stream.height, stream.width = picture.shape[:2]
                    stream.pix_fmt, stream.codec_context.time_base = "yuv420p", _UNIT
                    stream.codec_context.thread_count = 1
                frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
                frame.pts, frame.time_base = round(at_s / _UNIT), _UNIT
                container.mux(stream.encode(frame))
            if stream is None:
                raise ClipUnwritable("none of the pictures can be decoded")
            container.mux(stream.encode(None))
    except (av.error.FFmpegError, ValueError) as error:
        words = f"pictures cannot be coded as H.264 ({type(error).__name__}); install PyAV's wheel"
        raise ClipUnwritable(words) from None
    return made.getvalue()
