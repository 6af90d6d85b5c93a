"""Coded pictures as an MP4 film, without coding them anew. The third door to FFmpeg."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import cast

import av
import av.error
from av.packet import Packet
from av.video.stream import VideoStream

from streamer.errors import ClipUnwritable
from streamer.media.packets import CodedPicture, Coding, Excerpt

_PARAMETER_SETS = {"h264": (0x1F, 0, {7, 8}), "hevc": (0x3F, 1, {32, 33, 34})}
"""Of a codec: mask and shift of a unit's type in its first byte, and the types that say how all others are coded."""


_UNTIMED_S = 0.04
"""How long a picture without a time is shown."""
_MOST_UNTIMED = 8
_INDEX_BYTES = 8192
"""Of an MP4's index without its pictures."""


def coding_of(stream: VideoStream) -> Coding:
    """How an open stream is coded, in memory of its own: of a closed container the library reads freed memory."""
    held = av.open(io.BytesIO(), "w", format="matroska")  # which holds any coding
    template = held.add_stream_from_template(stream, opaque=True)
    return Coding(stream.codec_context.codec.canonical_name, stream.time_base or Fraction(1, 90_000), template)


class Copier:
    """Packets as coded pictures, in memory of their own; one for each connection.

    What has no time, as the first picture of many cameras, waits for the next one that has: it is shown just before.
    """

    def __init__(self, time_base: float) -> None:
        self._step = max(1, round(_UNTIMED_S / time_base))
        self._waiting: list[tuple[bytes, bool]] = []
        self._last: int | None = None

    def copied(self, packet: Packet[VideoStream], arrived: int | None = None) -> list[CodedPicture]:
        """What can be kept now; `arrived`: a packet's time, instead of its own."""
        if not packet.size:
            return []
        pts, dts = (packet.pts, packet.dts) if arrived is None else (arrived, None)
        if pts is None:
            self._waiting = [*self._waiting, (bytes(packet), packet.is_keyframe)][-_MOST_UNTIMED:]
            return []
        count = len(self._waiting)
        room = self._step if self._last is None else max(1, min(self._step, (pts - self._last) // (count + 1)))
        earlier = [
            CodedPicture(data, pts - (count - n) * room, None, is_key) for n, (data, is_key) in enumerate(self._waiting)
        ]
        self._waiting, self._last = [], pts
        return [*earlier, CodedPicture(bytes(packet), pts, dts, packet.is_keyframe)]


def mp4(excerpt: Excerpt, comment: str = "") -> bytes:
    """A film that begins with the excerpt's first picture at second 0 and shows each of them as long as it was shown.

    In memory: a disk that is full midway is then told by the one write that follows, not by the library, or by nobody.
    Its index comes first, so that a browser plays it while it is still coming. `comment`: what it says of itself.

    Raises:
        ClipUnwritable: no MP4 holds such pictures.
    """
    coding, pictures = excerpt.coding, excerpt.pictures
    film = io.BytesIO()
    try:
        with av.open(film, "w", format="mp4", options=index_first(len(pictures))) as container:
            container.metadata["comment"] = comment
            stream = container.add_stream_from_template(cast(VideoStream, coding.template), opaque=True)
            stream.time_base = coding.time_base
            if not stream.codec_context.extradata:
                stream.codec_context.extradata = parameter_sets(coding.codec, pictures[0].data)
            shown = shown_times([picture.pts for picture in pictures])
            for picture, pts, dts in zip(pictures, shown, decoding_times(pictures, shown), strict=True):
                packet = Packet(picture.data)
                packet.stream, packet.time_base = stream, coding.time_base
                packet.pts, packet.dts, packet.is_keyframe = pts, dts, picture.is_key
                container.mux_one(packet)
    except (av.error.FFmpegError, ValueError) as error:
        words = f"{coding.codec} pictures do not fit into an MP4 ({type(error).__name__})"
        raise ClipUnwritable(f"{words}; set the camera to H.264 or H.265") from None
    return film.getvalue()


def index_first(pictures: int) -> dict[str, str]:
    """Options of an MP4 whose index has its place before so many pictures: two times, a size, a place of each and
    whether it is a key frame, 40 bytes at most."""
    return {"moov_size": str(_INDEX_BYTES + 48 * pictures)}


def shown_times(times: Iterable[int]) -> list[int]:
    """The same counted from the earliest; no two are alike (a camera that sends two with one time gets units between
    them)."""
    given = list(times)
    order = sorted(range(len(given)), key=given.__getitem__)
    shown, last = [0] * len(given), -1
    for place in order:
        last = max(given[place] - given[order[0]], last + 1)
        shown[place] = last
    return shown


def decoding_times(pictures: Sequence[CodedPicture], shown: Sequence[int]) -> list[int]:
    """When each is decoded, counted as `shown`: by the stream, or where it does not say, evenly after one another, as
    late as none is shown before it is decoded."""
    offset = min(picture.pts for picture in pictures)
    given = [None if picture.dts is None else picture.dts - offset for picture in pictures]
    known = [one for one in given if one is not None]
    grows = len(known) == len(given) and all(a < b for a, b in pairwise(known))
    if grows and all(dts <= pts for dts, pts in zip(known, shown, strict=True)):
        return known
    in_order = sorted(shown)
    delay = max(dts - pts for dts, pts in zip(in_order, shown, strict=True))
    return [one - delay for one in in_order]


def parameter_sets(codec: str, key_frame: bytes) -> bytes:
    """What a camera that does not announce it says at the beginning of its key frames (Annex B start codes)."""
    if codec not in _PARAMETER_SETS:
        return b""
    mask, shift, wanted = _PARAMETER_SETS[codec]
    units = key_frame.replace(b"\0\0\0\1", b"\0\0\1").split(b"\0\0\1")[1:]
    return b"".join(b"\0\0\0\1" + unit for unit in units if unit and (unit[0] >> shift) & mask in wanted)
