"""All that is looked at, in its order."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from types import MappingProxyType

from streamer.clock import Clock
from streamer.doctor import broker, cameras, files, machine, networks, storage
from streamer.doctor.finding import Finding
from streamer.settings import Settings

Look = Callable[[Settings, Clock], Awaitable[list[Finding]]]
AREAS: MappingProxyType[str, Look] = MappingProxyType(
    {
        "machine": machine.look,
        "files": files.look,
        "disk": storage.look,
        "broker": broker.look,
        "cameras": cameras.look,
        "recognizers": networks.look,
    }
)
"""By name; what is cheap to look at comes first."""


async def examine(settings: Settings, clock: Clock, areas: Collection[str] = AREAS) -> AsyncIterator[list[Finding]]:
    """The findings of one area after the other. Never raises for what it finds."""
    for name, look in AREAS.items():
        if name in areas:
            yield await look(settings, clock)
