"""What the API is made of: the parts of the service that it asks, as it knows them."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from streamer.access import Access
from streamer.clock import Clock
from streamer.feed import Feed
from streamer.history import History
from streamer.procedure.graph import Procedure
from streamer.views import StreamView

Section = Mapping[str, object]
"""A stream's section, as in the configuration."""


class Streams(Protocol):
    """Which streams there are."""

    def views(self) -> Sequence[StreamView]: ...

    def view(self, stream: str) -> StreamView:
        """Raises KeyError: there is no such stream."""
        ...


class Changes(Protocol):
    """What a new configuration changed: ids of streams."""

    @property
    def added(self) -> Sequence[str]: ...

    @property
    def changed(self) -> Sequence[str]: ...

    @property
    def removed(self) -> Sequence[str]: ...

    @property
    def unchanged(self) -> Sequence[str]: ...


class Roster(Protocol):
    """Changes streams while the service runs.

    Raises KeyError where there is no such stream, Exists where there is one already, ConfigError with every mistake.
    """

    async def add(self, section: Section, persist: bool) -> StreamView: ...

    async def change(self, stream: str, section: Section, persist: bool) -> StreamView: ...

    async def remove(self, stream: str, persist: bool) -> None: ...

    async def start(self, stream: str) -> StreamView: ...

    async def stop(self, stream: str) -> StreamView: ...

    async def reload(self) -> Changes: ...


class Live(Protocol):
    """Pictures of streams. Raises KeyError: there is no such stream; NotNow: none comes, or too many look."""

    async def snapshot(self, stream: str, width: int) -> bytes:
        """A JPEG."""
        ...

    def mjpeg(self, stream: str, width: int, fps: float) -> AsyncGenerator[bytes, None]:
        """JPEGs, one by one. Raises at once, and not when the first is asked for."""
        ...


class Labels(Protocol):
    """Moments that somebody named.

    Raises KeyError: no such stream or label; NotKept: the pictures are not at hand; NotNow: too many wait;
    ClipUnwritable: the disk does not take it.
    """

    async def mark(
        self, stream: str, label: str, at: float | None, before_s: float, after_s: float, by: str
    ) -> Mapping[str, object]: ...

    async def listing(self) -> Mapping[str, object]: ...

    async def remove(self, label: str) -> None: ...


@dataclass(frozen=True, slots=True)
class HealthView:
    """How the service does."""

    version: str
    ready: bool
    started_at: float
    """Unix seconds."""
    broker: str
    """connected, disconnected, or none where no broker is configured."""
    waiting: int
    """Events that wait to be delivered."""


@dataclass(frozen=True, slots=True)
class ModelView:
    """A network that is live."""

    name: str
    """Of the recognizer."""
    kind: str
    checkpoint: str
    id: str
    labels: tuple[str, ...]
    figures: Mapping[str, float]
    """What its card says that was measured."""
    shadow: str | None = None
    """The checkpoint that watches beside it without a say."""
    promoted: bool = False
    """Whether it was promoted in the place of the configured one."""


@dataclass(frozen=True, slots=True)
class Work:
    """A procedure and where it is followed."""

    procedure: Procedure
    watches: tuple[tuple[str, str], ...]
    """(stream, watch)"""


@dataclass(frozen=True, slots=True)
class Api:
    """Everything that is asked. What is None, this service has not."""

    access: Access
    clock: Clock
    health: Callable[[], HealthView]
    streams: Streams
    feed: Feed
    history: History
    work: Callable[[], Sequence[Work]]
    models: Callable[[], Sequence[ModelView]]
    config: Callable[[], Mapping[str, object]]
    """As it runs, secrets hidden."""
    schema: Callable[[], Mapping[str, object]]
    acknowledge: Callable[[str, str, bytes], None]
    """Stream, watch, what is said; raises ValueError: what is wrong with it."""
    roster: Roster | None = None
    live: Live | None = None
    labels: Labels | None = None
