"""Coded pictures as pictures again: what is not kept as it came."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
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


@dataclass(frozen=True, slots=True, repr=False)
class Coded:
    """An excerpt in plain values, as another process can be given it."""

    codec: str
    extradata: bytes
    """What the stream says of its coding beside its pictures."""
    time_base: Fraction
    pictures: tuple[CodedPicture, ...]

    def __repr__(self) -> str:
        return f"Coded({len(self.pictures)} pictures of {self.codec})"


def coded_of(excerpt: Excerpt) -> Coded:
    template = cast(VideoStream | None, excerpt.coding.template)
    extradata = b"" if template is None else bytes(template.codec_context.extradata or b"")
    return Coded(excerpt.coding.codec, extradata, excerpt.coding.time_base, excerpt.pictures)


def decoded(coded: Coded) -> Iterator[Shown]:
    """The pictures one after the other, in the order in which they are shown. What cannot be decoded is left out.

    Raises:
        ClipUnwritable: nothing here decodes them.
    """
    first, last_s = min(one.pts for one in coded.pictures), -1.0
    for frame in _frames(coded):
        if frame.pts is not None and (at_s := (frame.pts - first) * float(coded.time_base)) > last_s:
            last_s = at_s
            yield at_s, _picture(frame)


def newest(coded: Coded) -> Picture:
    """The last of the pictures.

    Raises:
        ClipUnwritable: nothing here decodes them.
    """
    last = None
    for frame in _frames(coded):
        last = frame
    if last is None:
        raise ClipUnwritable("none of the pictures can be decoded")
    return _picture(last)


def _picture(frame: VideoFrame) -> Picture:
    return cast(Picture, frame.to_ndarray(format="rgb24"))


def _frames(coded: Coded) -> Iterator[VideoFrame]:
    try:
        context = cast(VideoCodecContext, CodecContext.create(coded.codec, "r"))
        context.extradata = coded.extradata or None
        context.thread_count = 1
        context.options = {"max_pixels": str(_MOST_PIXELS)}
    except (av.error.FFmpegError, ValueError) as error:
        raise ClipUnwritable(f"{coded.codec} pictures cannot be decoded ({type(error).__name__})") from None
    for picture in coded.pictures:
        packet = Packet(picture.data)
        packet.pts, packet.dts = picture.pts, picture.dts
        try:
            yield from context.decode(packet)
        except av.error.InvalidDataError:
            continue
    yield from context.decode(None)
