"""What sources tell about themselves, for metrics. Every method may be called from a decode thread."""

from __future__ import annotations

from typing import Protocol


class SourceObserver(Protocol):
    """Takes counts in sums (about one call a second and stream), never one call a frame."""

    def decoded(self, stream: str, frames: int, decode_cpu_s: float, scale_cpu_s: float) -> None:
        """Frames that were decoded since the last call, and CPU seconds that reading and scaling them took."""
        ...

    def dropped(self, stream: str, reason: str, frames: int) -> None:
        """Frames thrown away: late (the reader was slower), out_of_order, no_time, undecodable."""
        ...

    def connected(self, stream: str, clock: str) -> None:
        """The first frame of an epoch was decoded; `clock` (rtcp or arrival) may be told again when it changes."""
        ...

    def disconnected(self, stream: str, reason: str) -> None:
        """An attempt ended; `reason` is that of the error, `end` for the end of a file."""
        ...

    def thread_left(self, stream: str, threads: int) -> None:
        """Decode threads of ended attempts that are still stuck in the library."""
        ...

    def peer_lost(self, stream: str, packets: int, pictures: int, asked: int) -> None:
        """Of a peer of WebRTC, since the last call: packets that never came, pictures that nobody read in time, and key
        frames that were asked for."""
        ...


class Unobserved:
    """For whom nobody counts."""

    def decoded(self, stream: str, frames: int, decode_cpu_s: float, scale_cpu_s: float) -> None:
        pass

    def dropped(self, stream: str, reason: str, frames: int) -> None:
        pass

    def connected(self, stream: str, clock: str) -> None:
        pass

    def disconnected(self, stream: str, reason: str) -> None:
        pass

    def thread_left(self, stream: str, threads: int) -> None:
        pass

    def peer_lost(self, stream: str, packets: int, pictures: int, asked: int) -> None:
        pass
