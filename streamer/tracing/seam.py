"""The seam between the service and whoever traces it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from recognizers.clip import Clip
from streamer.emitter import Acceptor
from streamer.event import Event
from streamer.sinks.base import Sink


class Tracing(Protocol):
    """Is told on the loop how events come about. Never waits; nothing that it does reaches an event."""

    def looked(self, clips: Sequence[Clip], waited_s: Sequence[float], took_s: float) -> None:
        """Clips were answered just now, together; how long each had waited for that, and how long it took."""
        ...

    def emitted(self, event: Event) -> None:
        """An event was decided just now."""
        ...

    def storing(self, outbox: Acceptor) -> Acceptor:
        """The outbox, whose messages take along what their trace needs."""
        ...

    def sending(self, sinks: Mapping[str, Sink]) -> dict[str, Sink]:
        """The sinks by the names of the outbox's recipients, who end traces."""
        ...

    async def aclose(self) -> None:
        """Nothing more will come; what is left is told within a few seconds, or not at all."""
        ...


class _NoTracing:
    def looked(self, clips: Sequence[Clip], waited_s: Sequence[float], took_s: float) -> None: ...

    def emitted(self, event: Event) -> None: ...

    def storing(self, outbox: Acceptor) -> Acceptor:
        return outbox

    def sending(self, sinks: Mapping[str, Sink]) -> dict[str, Sink]:
        return dict(sinks)

    async def aclose(self) -> None: ...


NO_TRACING: Tracing = _NoTracing()
"""Costs nothing: outbox and sinks are themselves."""
