"""From RTP packets to coded pictures. Pure: what time it is comes as an argument.

aiortc's own buffer gives out a picture when the next one begins, waits for a lost packet until its room is full (that
is seconds), and loses key frames that are larger than its room for ever. This one knows the last packet of a
picture (its marker bit: RFC 6184 5.1, RFC 7741 4.1), waits a little for what may be sent again, and then goes on
with the next key frame: pictures that refer to a lost one look whole and are not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

PACKETS = 4096
"""Of one picture or behind a gap, at most; a key frame of 4K has some 500."""
BYTES = 8 << 20
PATIENCE_S = 0.25
"""A packet that was lost is sent again within about one round trip, if at all."""
ASK_S = 1.0
"""A key frame that does not come is asked for again."""
TICKS = 90_000
"""Of an RTP clock for video in a second."""


@dataclass(frozen=True, slots=True, repr=False)
class Packet:
    """One RTP packet without its headers."""

    sequence: int
    """16 bits."""
    ticks: int
    """RTP time, 32 bits."""
    last: bool
    """Whether it is the last of its picture."""
    codec: str
    data: bytes

    def __repr__(self) -> str:
        return f"Packet({self.sequence} at {self.ticks}{' last' if self.last else ''} {len(self.data)} bytes)"


@dataclass(frozen=True, slots=True, repr=False)
class Unit:
    """One coded picture, whole."""

    codec: str
    """As FFmpeg names it: h264, vp8."""
    ticks: int
    """RTP time, 32 bits: who dates pictures unwraps it."""
    is_key: bool
    data: bytes

    def __repr__(self) -> str:
        return f"Unit({self.codec} at {self.ticks} {len(self.data)} bytes{' key' if self.is_key else ''})"


def is_key(codec: str, data: bytes) -> bool:
    """Whether decoding can begin with a picture: a frame tag without the inter bit (RFC 6386 9.1), or an IDR slice
    among the units of an Annex B stream (type 5)."""
    if codec == "vp8":
        return bool(data) and not data[0] & 1
    at = data.find(b"\x00\x00\x01")
    while 0 <= at < len(data) - 3:
        if data[at + 3] & 0x1F == 5:
            return True
        at = data.find(b"\x00\x00\x01", at + 3)
    return False


class PictureAssembly:
    """Gives out pictures in order, each whole, from a key frame on. Bounded in packets and bytes."""

    def __init__(self) -> None:
        self._waiting: dict[int, Packet] = {}
        self._bytes = 0
        self._next: int | None = None
        """Number of the next packet to give out, counted without wrapping."""
        self._newest = 0
        self._gap_since_s: float | None = None
        self._asked_s: float | None = None
        self.needs_key = True
        """What comes cannot be decoded until a key frame comes."""
        self.lost = 0
        """Packets that never came."""

    def lose(self) -> None:
        """Whoever decodes cannot go on: begin with a key frame."""
        if not self.needs_key:
            self.needs_key, self._asked_s = True, None

    def asks(self, now_s: float) -> bool:
        """Whether the sender should be asked for a key frame now; it is taken as asked."""
        if not self.needs_key or (self._asked_s is not None and now_s - self._asked_s < ASK_S):
            return False
        self._asked_s = now_s
        return True

    def add(self, packet: Packet, now_s: float) -> list[Unit]:
        """The pictures that are whole now."""
        number = self._number(packet.sequence)
        if self._next is None:
            self._next = number
        if self._next - number > PACKETS:  # the sender counts anew
            self._drop(self._newest + 1)
            self._next = self._newest = number
            self.lose()
        if number < self._next or number in self._waiting:
            return []
        self._waiting[number] = packet
        self._bytes += len(packet.data)
        self._newest = max(self._newest, number)
        units = list(self._whole())
        while self._hopeless(now_s):
            self._skip()
            units += self._whole()
        return units

    def _number(self, sequence: int) -> int:
        """The 16 bits without wrapping: whatever is nearest to the newest."""
        if self._next is None:
            self._newest = sequence
            return sequence
        step = (sequence - self._newest + 0x8000) % 0x10000 - 0x8000
        return self._newest + step

    def _whole(self) -> Iterator[Unit]:
        assert self._next is not None
        while True:
            end, parts = self._next, []
            while (packet := self._waiting.get(end)) is not None:
                parts.append(packet)
                end += 1
                if packet.last or self._ends_unmarked(packet, end):
                    break
            else:
                return
            self._drop(end)
            self._gap_since_s = None
            data = b"".join(part.data for part in parts)
            key = is_key(parts[0].codec, data)
            if data and (key or not self.needs_key):
                self.needs_key = False
                yield Unit(parts[0].codec, parts[0].ticks, key, data)

    def _ends_unmarked(self, packet: Packet, after: int) -> bool:
        """Some senders mark nothing: then the next picture's first packet is the end of this one."""
        following = self._waiting.get(after)
        return following is not None and following.ticks != packet.ticks

    def _hopeless(self, now_s: float) -> bool:
        """Whether there is no sense in waiting for what is missing."""
        if len(self._waiting) > PACKETS or self._bytes > BYTES:
            return True
        assert self._next is not None
        if self._newest - self._next + 1 == len(self._waiting):
            self._gap_since_s = None  # all there is so far
            return False
        if self._gap_since_s is None:
            self._gap_since_s = now_s
        return now_s - self._gap_since_s >= PATIENCE_S

    def _skip(self) -> None:
        """Go on behind the gap: with the first picture whose beginning is there."""
        assert self._next is not None
        numbers = sorted(self._waiting)
        gap = self._next + next((n for n, number in enumerate(numbers) if number != self._next + n), len(numbers))
        start = numbers[-1] + 1
        for before, number in pairwise(numbers):
            first, second = self._waiting[before], self._waiting[number]
            if before > gap and number == before + 1 and (first.last or first.ticks != second.ticks):
                start = number
                break
        self.lost += start - self._next - sum(number < start for number in numbers)
        self._drop(start)
        self._gap_since_s = None
        self.lose()

    def _drop(self, until: int) -> None:
        assert self._next is not None
        if until - self._next <= len(self._waiting):
            gone = [number for number in range(self._next, until) if number in self._waiting]
        else:
            gone = [number for number in self._waiting if number < until]
        for number in gone:
            self._bytes -= len(self._waiting.pop(number).data)
        self._next = until


class Ticks:
    """RTP time without wrapping. A step back stays one, and is no wrap."""

    def __init__(self) -> None:
        self._last: int | None = None

    def unwrapped(self, ticks: int) -> int:
        """The same counted on from the first ones."""
        self._last = self.near(ticks)
        return self._last

    def near(self, ticks: int) -> int:
        """The same as close to the last ones as they may be meant, without going on to them."""
        return ticks if self._last is None else self._last + (ticks - self._last + 2**31) % 2**32 - 2**31
