"""All that is looked at, in its order."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Collection

from streamer.clock import Clock
from streamer.doctor import broker, cameras, files, machine, networks, storage
from streamer.doctor.finding import AREAS, Finding
from streamer.settings import Settings

Look = Callable[[Settings, Clock], Awaitable[list[Finding]]]
_LOOKS: dict[str, Look] = dict(
    zip(AREAS, (machine.look, files.look, storage.look, broker.look, cameras.look, networks.look), strict=True)
)


async def examine(settings: Settings, clock: Clock, areas: Collection[str] = AREAS) -> AsyncIterator[list[Finding]]:
    """The findings of one area after the other. Never raises for what it finds."""
    for name in AREAS:
        if name in areas:
            yield await _LOOKS[name](settings, clock)
