"""Those who look on over HTTP, as the worker knows them: told of everything, never waited for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from recognizers.prediction import Prediction
from streamer.errors import NotNow
from streamer.feed import Feed
from streamer.history import History
from streamer.register import Register
from streamer.sources.reconnect import Change
from streamer.views import StreamView
from streamer.wire import Message

Acknowledge = Callable[[str, str, bytes], None]
"""Stream, watch, and what is said; raises ValueError: what is wrong with it."""


class Audience(Protocol):
    """Called on the loop; nothing here waits or raises."""

    async def run(self) -> None:
        """For as long as the task lives."""
        ...

    def joins(self, acknowledge: Acknowledge) -> None:
        """Lamps can be acknowledged from now on."""
        ...

    def stored(self, messages: Sequence[Message]) -> None:
        """Messages are durable, with their numbers."""
        ...

    def shown(self, topic: str, body: Mapping[str, object]) -> None:
        """A retained document is another one than before; `topic` below the prefix."""
        ...

    def changed(self, stream: str, change: Change) -> None:
        """A connection came or went."""
        ...

    def decoded(self, stream: str, pictures: int) -> None:
        """How many pictures of a stream were decoded by now; told every second or so."""
        ...

    def answered(self, prediction: Prediction, labels: Sequence[str]) -> None:
        """A network answered; `labels` are those of its scores."""
        ...


class Onlooker(Audience, Protocol):
    """One that is also told which streams there are."""

    def came(self, view: StreamView) -> None:
        """There is another stream, or it is another one than before."""
        ...

    def went(self, stream: str) -> None:
        """It is no more."""
        ...


class Nobody:
    """See `Audience`."""

    async def run(self) -> None:
        pass

    def joins(self, acknowledge: Acknowledge) -> None:
        pass

    def stored(self, messages: Sequence[Message]) -> None:
        pass

    def shown(self, topic: str, body: Mapping[str, object]) -> None:
        pass

    def changed(self, stream: str, change: Change) -> None:
        pass

    def decoded(self, stream: str, pictures: int) -> None:
        pass

    def answered(self, prediction: Prediction, labels: Sequence[str]) -> None:
        pass


class Onlookers:
    """See `Audience`: what the API shows is what the broker gets."""

    def __init__(self, register: Register, feed: Feed, history: History) -> None:
        self.register, self.feed, self.history = register, feed, history
        self._acknowledge: Acknowledge | None = None

    async def run(self) -> None:
        await self.feed.run()

    def joins(self, acknowledge: Acknowledge) -> None:
        self._acknowledge = acknowledge

    def acknowledge(self, stream: str, watch: str, payload: bytes) -> None:
        """As `Showing.acknowledge`. Raises NotNow before there are lamps."""
        if self._acknowledge is None:
            raise NotNow("the service is starting")
        self._acknowledge(stream, watch, payload)

    def stored(self, messages: Sequence[Message]) -> None:
        self.feed.happened(self.history.keep(messages))

    def shown(self, topic: str, body: Mapping[str, object]) -> None:
        self.feed.shown(topic, body)
        stream, _, rest = topic.partition("/")
        if rest == "status":
            self.register.status(stream, body)

    def changed(self, stream: str, change: Change) -> None:
        self.register.changed(stream, change)

    def decoded(self, stream: str, pictures: int) -> None:
        self.register.decoded(stream, pictures)

    def came(self, view: StreamView) -> None:
        """There is another stream, or it is another one than before."""
        self.feed.forget(view.id)
        self.register.add(view)
        self.feed.listed()

    def went(self, stream: str) -> None:
        """It is no more."""
        self.register.remove(stream)
        self.feed.forget(stream)
        self.feed.listed()

    def answered(self, prediction: Prediction, labels: Sequence[str]) -> None:
        self.feed.scored(prediction, labels)
