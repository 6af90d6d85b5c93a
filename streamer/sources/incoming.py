"""The way of coded pictures from the event loop to a decode thread: bounded, and whole from a key frame on."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass

from streamer.clock import Clock
from streamer.errors import SourceRejected, SourceUnavailable
from streamer.sources.rtp_pictures import Packet, PictureAssembly, Unit

UNITS = 60
"""Two seconds: whoever is later than that begins anew with a key frame."""
BYTES = 16 << 20


@dataclass(frozen=True, slots=True)
class SenderReport:
    """What a sender says its clock showed (RFC 3550 6.4.1)."""

    at: float
    """Unix seconds."""
    ticks: int
    """RTP time then, 32 bits."""


class Incoming:
    """One video track of a peer. Packets are taken at once, whether or not anybody reads."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._assembly = PictureAssembly()
        self._state = threading.Condition()
        self._units: deque[Unit] = deque()
        self._bytes = 0
        self._lost = self._was_read = False
        self._error: SourceUnavailable | SourceRejected | None = None
        self.heard_s = clock.monotonic()
        """When there was last a packet."""
        self.report: SenderReport | None = None
        self.overflows = 0
        """How often nobody read, and all was thrown away."""
        self._lost_before = self._unread = self._asked = 0
        self._told = (0, 0, 0)

    def take_packet(self, packet: Packet) -> bool:
        """On the loop: the next packet. Whether the sender should be asked for a key frame."""
        now_s = self.heard_s = self._clock.monotonic()
        with self._state:
            if self._lost:
                self._lost = False
                self._assembly.lose()
            for unit in self._assembly.add(packet, now_s):
                self._put(unit)
        asks = self._assembly.asks(now_s)
        self._asked += asks
        return asks

    def _put(self, unit: Unit) -> None:
        """With the lock held."""
        if len(self._units) >= UNITS or self._bytes + len(unit.data) > BYTES:
            self._unread += len(self._units)
            self._forget()
            self.overflows += 1
            self._assembly.lose()
            if not unit.is_key:
                self._unread += 1
                return
            self._assembly.needs_key = False
        self._units.append(unit)
        self._bytes += len(unit.data)
        self._state.notify()

    def _forget(self) -> None:
        self._units.clear()
        self._bytes = 0

    def take_unit(self, stopped: threading.Event) -> Unit | None:
        """In the decode thread: the next picture, waited for; None once `stopped` is set and told by `wake`.

        Raises:
            SourceUnavailable, SourceRejected: the track is over.
        """
        with self._state:
            while not self._units:
                if stopped.is_set():
                    return None
                if self._error is not None:
                    raise self._error
                self._state.wait()
            if stopped.is_set():
                return None
            self._was_read = True
            unit = self._units.popleft()
            self._bytes -= len(unit.data)
            return unit

    def wake(self) -> None:
        """Whoever waits shall look at what it was told."""
        with self._state:
            self._state.notify_all()

    def begin(self) -> None:
        """Somebody begins to read: with a key frame, also where somebody else read before."""
        if self._was_read:
            self.lose()

    def lose(self) -> None:
        """Any thread: what comes cannot be decoded, or nobody has what came before; begin with a key frame."""
        with self._state:
            self._forget()
            self._lost = True

    def renew(self) -> None:
        """On the loop: packets of another source follow, which counts by itself."""
        with self._state:
            self._forget()
            self._lost_before += self._assembly.lost
            self._assembly = PictureAssembly()
            self.report = None

    def close(self, error: SourceUnavailable | SourceRejected) -> None:
        """Any thread: nothing will come any more. The first call wins."""
        with self._state:
            self._error = self._error or error
            self._state.notify_all()

    def losses(self) -> tuple[int, int, int]:
        """In the decode thread, since the last call: packets that never came, pictures that nobody read in time, key
        frames that were asked for."""
        before, self._told = self._told, (self._lost_before + self._assembly.lost, self._unread, self._asked)
        packets, pictures, asked = (now - then for now, then in zip(self._told, before, strict=True))
        return packets, pictures, asked

    @property
    def is_over(self) -> bool:
        return self._error is not None

    @property
    def silent_s(self) -> float:
        return self._clock.monotonic() - self.heard_s
