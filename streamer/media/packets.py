"""Coded pictures and what is needed to write them; what a decode thread hands them to."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Protocol


@dataclass(frozen=True, slots=True, repr=False)
class CodedPicture:
    """One packet of a video stream."""

    data: bytes
    pts: int
    """When it is shown, in the stream's unit of time."""
    dts: int | None
    """When it is decoded, if the stream says so. Never later than it is shown."""
    is_key: bool
    """Whether decoding can begin here."""

    def __repr__(self) -> str:
        return f"CodedPicture(pts={self.pts} {len(self.data)} bytes{' key' if self.is_key else ''})"


@dataclass(frozen=True, slots=True)
class Coding:
    """How a stream's pictures are coded. Outlives the connection."""

    codec: str
    """As FFmpeg names it: h264, hevc, …"""
    time_base: Fraction
    """Seconds of one unit of a picture's times."""
    template: object | None = field(repr=False, compare=False)
    """The library's own description, for the door that writes; None: what is written of it is coded anew."""


@dataclass(frozen=True, slots=True, repr=False)
class Excerpt:
    """A piece of a stream that can be decoded by itself."""

    epoch: int
    coding: Coding
    pictures: tuple[CodedPicture, ...]
    """In the order of decoding, a key frame first."""
    start_s: float
    """Media time of the first picture."""

    def __repr__(self) -> str:
        pictures = f"{len(self.pictures)} pictures of {self.coding.codec}"
        return f"Excerpt(epoch={self.epoch} {pictures} from {self.start_s:.3f} s)"


class PacketTap(Protocol):
    """Takes coded pictures beside the decoder. Called by a decode thread, so it never blocks and never raises."""

    def opened(self, epoch: int, coding: Coding) -> None:
        """A connection begins; what came before belongs to another epoch."""
        ...

    def keep(self, picture: CodedPicture) -> None:
        """The next picture in the order of decoding."""
        ...

    def began(self, origin_s: float) -> None:
        """The first picture of the epoch was decoded: media time is stream time less `origin_s`."""
        ...

    def dated(self, zero_at: float) -> None:
        """Media time 0 was at so many Unix seconds, as far as is known by now."""
        ...


class Several:
    """Takes what each of some taps takes. See `PacketTap`."""

    def __init__(self, *taps: PacketTap) -> None:
        self._taps = taps

    def opened(self, epoch: int, coding: Coding) -> None:
        for tap in self._taps:
            tap.opened(epoch, coding)

    def keep(self, picture: CodedPicture) -> None:
        for tap in self._taps:
            tap.keep(picture)

    def began(self, origin_s: float) -> None:
        for tap in self._taps:
            tap.began(origin_s)

    def dated(self, zero_at: float) -> None:
        for tap in self._taps:
            tap.dated(zero_at)


def together(*taps: PacketTap | None) -> PacketTap | None:
    """What takes what each of them does; None where there is none."""
    some = [tap for tap in taps if tap is not None]
    return Several(*some) if len(some) > 1 else some[0] if some else None
