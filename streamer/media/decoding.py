"""Coded pictures as pictures again: what is not kept as it came."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import cast

import av.error
from av.codec.context import CodecContext
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from recognizers.clip import Picture
from streamer.errors import ClipUnwritable
from streamer.media.packets import CodedPicture, Excerpt

Shown = tuple[float, Picture]
"""Seconds since the first picture, and `(H, W, 3)` uint8 RGB of the camera's size."""
_MOST_PIXELS = 1 << 24


def decoded(excerpt: Excerpt) -> Iterator[Shown]:
    """The pictures of an excerpt one after the other, in the order in which they are shown. What cannot be decoded is
    left out.

    Raises:
        ClipUnwritable: nothing here decodes them.
    """
    template = cast(VideoStream, excerpt.coding.template).codec_context
    try:
        context = cast(VideoCodecContext, CodecContext.create(excerpt.coding.codec, "r"))
        context.extradata = template.extradata
        context.thread_count = 1
        context.options = {"max_pixels": str(_MOST_PIXELS)}
    except (av.error.FFmpegError, ValueError) as error:
        raise ClipUnwritable(f"{excerpt.coding.codec} pictures cannot be decoded ({type(error).__name__})") from None
    first, unit_s = min(one.pts for one in excerpt.pictures), float(excerpt.coding.time_base)
    last_s = -1.0
    for frame in _frames(context, excerpt.pictures):
        if frame.pts is not None and (at_s := (frame.pts - first) * unit_s) > last_s:
            last_s = at_s
            yield at_s, cast(Picture, frame.to_ndarray(format="rgb24"))


def _frames(context: VideoCodecContext, pictures: Iterable[CodedPicture]) -> Iterator[VideoFrame]:
    for picture in pictures:
        packet = Packet(picture.data)
        packet.pts, packet.dts = picture.pts, picture.dts
        try:
            yield from context.decode(packet)
        except av.error.InvalidDataError:
            continue
    yield from context.decode(None)
