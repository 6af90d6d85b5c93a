"""How long recorded video is."""

from __future__ import annotations

from streamer.clock import Clock
from streamer.sources.address import Address
from streamer.sources.opening import guarded, open_video

_DURATION_UNIT_S = 1e-6


def recorded_s(address: Address, clock: Clock) -> float | None:
    """Seconds of video that a file says it holds; None where its format does not say.

    Raises:
        SourceUnavailable, SourceRejected: it cannot be opened.
    """
    with guarded(address):
        container, stream = open_video(address, clock)
        with container:
            if stream.duration is not None and stream.time_base is not None:
                return float(stream.duration * stream.time_base)
            return None if container.duration is None else container.duration * _DURATION_UNIT_S
