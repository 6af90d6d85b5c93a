"""What others may ask of us over the broker, where that is switched on."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any, Protocol

from streamer.showing import Showing
from streamer.sinks.base import Inbound, StatusSink
from streamer.wire import answer

_log = logging.getLogger(__name__)

SERVICE = "service"
"""In the place of a stream: the command is about all."""
NAMES = ("state", "acknowledge", "replay")


class Others(Protocol):
    """The other workers of the service, which hear the same commands."""

    @property
    def speaks(self) -> bool:
        """Whether this one answers for all of them, where it is about no stream of anybody's."""
        ...

    def have(self, stream: str) -> bool:
        """Whether it is a stream of the service, whoever has it now."""
        ...

    def may_publish(self) -> bool:
        """Whether none of them can have what is this one's by now."""
        ...


class Alone:
    """See `Others`: there are none."""

    speaks = True

    def have(self, stream: str) -> bool:
        return False

    def may_publish(self) -> bool:
        return True


ALONE = Alone()


class CommandObserver(Protocol):
    def commanded(self, name: str, outcome: str) -> None:
        """A command came: one of NAMES, or `unknown`; it was `taken` or `refused`."""
        ...


class Commands:
    """Takes `command/<stream>/<name>` below the service's prefix, `service` in the place of the stream for all.

    * `state`: publish everything that is retained again.
    * `acknowledge`, of a stream: as on the lamp's own topic, with `watch` beside `by` and `resolved`.
    * `replay`, of the service: send events again that were delivered since a time (`{"since": …}`, RFC 3339 or Unix
      seconds), as far as they are kept.

    Every command may come twice. Each is answered where the sender wants that (MQTT 5), with takt.answer.v1; of several
    workers one answers, that of the stream.
    """

    def __init__(
        self,
        sink: StatusSink,
        streams: Collection[str],
        showing: Showing,
        replay: Callable[[float], None] | None,
        observer: CommandObserver,
        others: Others = ALONE,
    ) -> None:
        """
        Args:
            streams: those that there are at the moment; it is looked into at every command.
            replay: sends again what was delivered since then (Unix seconds), soon; None: nothing is kept for it.
        """
        self._sink, self._streams, self._showing = sink, streams, showing
        self._replay = replay
        self._observer, self._others = observer, others
        sink.listen("command/+/+", self._heard, below_prefix=True)

    def _heard(self, message: Inbound) -> None:
        about, name = message.topic.split("/")[-2:]
        known = name if name in NAMES else "unknown"
        is_mine = about in self._streams
        if not is_mine and about != SERVICE and (self._others.have(about) or not self._others.speaks):
            return  # another worker answers
        answers = is_mine or self._others.speaks
        try:
            self._take(about, name, message)
        except ValueError as error:
            if not answers:
                return
            _log.warning("the command on %s is not taken: %s", message.topic, error)
            self._observer.commanded(known, "refused")
            self._sink.answer(message, answer(name, about, str(error)))
        else:
            if not answers:
                return
            _log.info("the command on %s is taken", message.topic)
            self._observer.commanded(known, "taken")
            self._sink.answer(message, answer(name, about))

    def _take(self, about: str, name: str, message: Inbound) -> None:
        """Raises ValueError with what is wrong."""
        if message.retained:
            raise ValueError("it is retained: send it without")
        if about != SERVICE and about not in self._streams:
            raise ValueError("there is no such stream")
        said = _object(message.payload)
        if name == "state":
            _only(said)
            for stream in tuple(self._streams) if about == SERVICE else (about,):
                self._showing.again(stream)
        elif name == "acknowledge" and about != SERVICE:
            watch = said.pop("watch", None)
            self._showing.acknowledge(about, str(watch), json.dumps(said).encode())
        elif name == "replay" and about == SERVICE:
            _only(said, "since")
            if self._replay is None:
                raise ValueError("no events are kept for it; set outbox.replay_s")
            self._replay(_moment(said.get("since")))
        else:
            raise ValueError("there is no such command")


def _object(payload: bytes) -> dict[str, Any]:
    try:
        said = json.loads(payload) if payload.strip() else {}
    except (ValueError, RecursionError) as error:
        raise ValueError("it is no JSON") from error
    if not isinstance(said, dict):
        raise ValueError("it must be an object, or nothing")
    return said


def _only(said: dict[str, Any], *names: str) -> None:
    if set(said) - set(names):
        raise ValueError(f"it may hold {' and '.join(names)} alone" if names else "it holds nothing")


def _moment(since: object) -> float:
    """Unix seconds."""
    if isinstance(since, int | float) and not isinstance(since, bool) and 0 <= since < 1e11:
        return float(since)
    try:
        at = datetime.fromisoformat(since) if isinstance(since, str) else None
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise ValueError("`since` must be a time with its zone, as 2026-03-02T08:00:00Z, or Unix seconds")
    return at.timestamp()
