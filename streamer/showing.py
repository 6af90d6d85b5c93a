"""What a late comer sees: the latest state of every stream and watch, on retained topics."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from streamer.board.andon import DEFAULT, Colour
from streamer.board.doing import Work
from streamer.board.presence import OFFLINE, ONLINE, STALLED, Presence
from streamer.board.tally import BUCKET_S, WINDOWS
from streamer.board.watch import WatchBoard
from streamer.clock import Clock
from streamer.event import Event
from streamer.sinks.base import Inbound, StatusSink, Unlisten
from streamer.stages import Watch
from streamer.wire import answer, timestamp

_log = logging.getLogger(__name__)

STATUS_SCHEMA = "takt.status.v1"
TICK_S = 0.25
"""No document is published more often."""
LAST_S = 1.0
"""No aggregate is published more often."""
CLIPS_LATE = 3
"""A watch of which so many clips on end are not answered gives no decisions."""
LONGEST_NAME = 64
UNREAD = {"at", "from", "to"}
"""Fields that make no document another one."""


@dataclass(frozen=True, slots=True)
class ShowOptions:
    """What is made of what happens."""

    colours: Mapping[str, Colour] = field(default_factory=lambda: DEFAULT)
    """The lamp's, by reason; see `streamer.board.andon`."""
    stalled_s: float = 10.0
    """A live stream is stalled after so long without a picture, or without a decision."""
    acknowledge: bool = True
    """Whether acknowledgements of the lamp are listened to."""


class ShowObserver(Protocol):
    def acknowledged(self, outcome: str) -> None:
        """Somebody acknowledged a lamp: `taken` or `refused`."""
        ...


class Showing:
    """Keeps retained documents up to date: `<stream>/status`, and of each watch `state`, `andon` and `last/…`.

    `tell` and `answered` cost little; one task publishes what has changed since.
    """

    def __init__(
        self,
        streams: Mapping[str, Sequence[Watch]],
        sink: StatusSink,
        options: ShowOptions,
        clock: Clock,
        observer: ShowObserver,
        beside: Callable[[str, Mapping[str, object]], None] = lambda topic, body: None,
    ) -> None:
        """What an earlier process showed of streams and watches that are no more is taken away. `beside` is told of
        each document that is published, with its topic."""
        self._sink, self._clock, self._observer, self._options = sink, clock, observer, options
        self._beside = beside
        self._streams: dict[str, _Stream] = {}
        self._shown: dict[str, Mapping[str, object]] = {}
        self._listening: dict[str, Unlisten] = {}
        self.rearrange((), streams)

    @property
    def streams(self) -> Collection[str]:
        """Those that are shown at the moment."""
        return self._streams.keys()

    def rearrange(self, leaving: Collection[str], joining: Mapping[str, Sequence[Watch]]) -> None:
        """Some streams are no longer shown, and others, or the same with other watches, are from now on. What is no
        longer shown is taken away; of those that stay nothing changes."""
        for stream in {*leaving, *joining} & self._streams.keys():
            for topic in self._streams.pop(stream).topics:
                self._shown.pop(topic, None)
            self._listening.pop(stream, _nothing)()
        for stream, watches in joining.items():
            self._streams[stream] = _Stream(stream, watches, self._options, self._clock.now())
            if self._options.acknowledge:
                topics = f"{stream}/+/andon/ack"
                self._listening[stream] = self._sink.listen(topics, self._acknowledged, below_prefix=True)
        self._sink.shows([topic for one in self._streams.values() for topic in one.topics])

    def tell(self, event: Event) -> None:
        """Something happened."""
        watch = self._streams[event.stream].watches.get(event.watch) if event.stream in self._streams else None
        if watch is not None:  # of a stream that is no more, an action may have been left open
            watch.board.tell(event, self._clock.monotonic())
            watch.changed = True

    def answered(self, stream: str, watch: str) -> None:
        """A clip was answered."""
        self._streams[stream].presence.answered(watch, self._clock.monotonic())

    def connection(self, stream: str, live: bool, reason: str) -> None:
        """It came or went, and why."""
        one = self._streams[stream]
        if one.presence.changed(live, reason, self._clock.now(), self._clock.monotonic()):
            self._show_status(one)

    def sight(self, stream: str, trouble: str | None) -> None:
        """Why the pictures show nothing: frozen, dark or blocked; None: they do."""
        one = self._streams[stream]
        if trouble != one.blind:
            one.blind = trouble
            self._show_status(one)

    def degraded(self, stream: str, level: int) -> None:
        """Of its clips, where each stands alone, one of level + 1 is looked at."""
        one = self._streams[stream]
        if level != one.level:
            one.level = level
            self._show_status(one)

    def watched_by(self, models: Mapping[str, Mapping[str, str]]) -> None:
        """The ids of the networks that look now, by stream and watch."""
        for stream, of_watches in models.items():
            self._streams[stream].models = dict(of_watches)
            self._show_status(self._streams[stream])

    def again(self, stream: str) -> None:
        """Publish everything of a stream once more, changed or not."""
        one = self._streams[stream]
        for topic in one.topics:
            self._shown.pop(topic, None)
        self._show_status(one)
        for watch in one.watches.values():
            self._show_watch(watch)
            self._show_last(watch)

    def close(self) -> None:
        """Nothing is looked at any more."""
        for one in self._streams.values():
            one.presence.changed(False, "shutdown", self._clock.now(), self._clock.monotonic())
            self._show_status(one)
            for watch in one.watches.values():
                self._show_watch(watch)
                self._show_last(watch)

    async def run(self, newest_frame_s: Callable[[str], float | None]) -> None:
        """Publish what changes, for as long as the task lives.

        Args:
            newest_frame_s: when a stream's newest picture came, on the clock that never steps.
        """
        for stream in self._streams:
            self.again(stream)
        bucket = 0
        while True:
            await self._clock.sleep(TICK_S)
            passed_s = self._clock.monotonic()
            moved, bucket = passed_s // BUCKET_S != bucket, int(passed_s // BUCKET_S)
            for one in tuple(self._streams.values()):
                if one.presence.passed(newest_frame_s(one.id), self._clock.now(), passed_s):
                    self._show_status(one)
                for watch in one.watches.values():
                    self._refresh(watch, moved, passed_s)

    def _refresh(self, watch: _Watch, moved: bool, passed_s: float) -> None:
        if watch.changed or moved:
            self._show_watch(watch)
        watch.counted |= watch.changed
        watch.changed = False
        if moved or (watch.counted and passed_s - watch.counted_s >= LAST_S):
            watch.due = [*WINDOWS]
            watch.counted, watch.counted_s = False, passed_s
        if watch.due:  # one at a time: with hundreds of actions each is work
            self._show_window(watch, watch.due.pop(0))

    def _show_status(self, one: _Stream) -> None:
        status = one.presence.status
        body: dict[str, object] = {
            "schema": STATUS_SCHEMA,
            "stream": one.id,
            "status": status.status,
            "reason": status.reason,
            "since": timestamp(status.since),
            "sight": (one.blind or "clear") if status.status == ONLINE else "unknown",
            "models": dict(one.models),
        }
        if one.level:
            body["degraded"] = one.level
        self._show(f"{one.id}/status", body)
        for watch in one.watches.values():
            watch.board.andon.sight(_trouble(status.status, one.blind), self._clock.now())
            watch.changed = True

    def _show_watch(self, watch: _Watch) -> None:
        now = self._clock.now()
        self._show(f"{watch.topic}/state", watch.board.state(now))
        self._show(f"{watch.topic}/andon", watch.board.lamp(now))

    def _show_last(self, watch: _Watch) -> None:
        for window in WINDOWS:
            self._show_window(watch, window)

    def _show_window(self, watch: _Watch, window: str) -> None:
        counted = watch.board.last(window, self._clock.now(), self._clock.monotonic())
        self._show(f"{watch.topic}/last/{window}", counted)

    def _show(self, topic: str, body: Mapping[str, object]) -> None:
        """What says the same as before is not published again."""
        told = {name: value for name, value in body.items() if name not in UNREAD}
        if self._shown.get(topic) != told:
            self._shown[topic] = told
            self._sink.state(topic, body)
            self._beside(topic, body)

    def acknowledge(self, stream: str, watch: str, payload: bytes) -> None:
        """Somebody comes, or has seen to it; see `acknowledgement`.

        Raises:
            ValueError: no such watch, or what is wrong with the payload.
        """
        known = self._streams[stream].watches.get(watch) if stream in self._streams else None
        if known is None:
            raise ValueError("there is no such watch")
        by, resolved = acknowledgement(payload)
        now = self._clock.now()
        known.board.andon.acknowledge(by, now)
        if resolved:
            known.board.andon.resolve(now)
        self._show_watch(known)

    def _acknowledged(self, message: Inbound) -> None:
        """From `<stream>/<watch>/andon/ack`."""
        stream, watch = message.topic.split("/")[-4:-2]
        try:
            if message.retained:
                raise ValueError("it is retained: send it without")
            self.acknowledge(stream, watch, message.payload)
        except ValueError as error:
            _log.warning("an acknowledgement on %s is not taken: %s", message.topic, error)
            self._observer.acknowledged("refused")
            self._sink.answer(message, answer("acknowledge", stream, str(error)))
        else:
            self._observer.acknowledged("taken")
            self._sink.answer(message, answer("acknowledge", stream))


def _nothing() -> None:
    """Nobody listens."""


def acknowledgement(payload: bytes) -> tuple[str, bool]:
    """Who comes, and whether it is seen to already: `{"by": "anna", "resolved": false}`, or nothing at all.

    Raises:
        ValueError: what is wrong with it.
    """
    if not payload.strip():
        return "", False
    try:
        said = json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise ValueError('it is no JSON; send nothing, or {"by": "name"}') from error
    if not isinstance(said, dict) or not set(said) <= {"by", "resolved"}:
        raise ValueError("it must be an object with `by` and `resolved`, or nothing")
    by, resolved = said.get("by", ""), said.get("resolved", False)
    if not (isinstance(by, str) and by.isprintable() and len(by) <= LONGEST_NAME and isinstance(resolved, bool)):
        raise ValueError(f"`by` must be a name of at most {LONGEST_NAME} characters, `resolved` true or false")
    return by, resolved


def _trouble(status: str, blind: str | None) -> str | None:
    """What the lamp is told of a stream."""
    if status in (OFFLINE, STALLED):
        return status
    return None if blind is None else "blind"


class _Watch:
    def __init__(self, stream: str, watch: Watch, options: ShowOptions, now: float) -> None:
        self.topic = f"{stream}/{watch.id}"
        steps = () if watch.procedure is None else watch.procedure.steps
        work = Work(tuple((step.name, step.action) for step in steps))
        self.board = WatchBoard(stream, watch.id, work, options.colours, now)
        self.changed = False
        self.counted = False
        """Whether something happened since the aggregates were published."""
        self.counted_s = 0.0
        self.due: list[str] = []
        """Windows that are to be shown."""

    @property
    def topics(self) -> Iterable[str]:
        return [f"{self.topic}/state", f"{self.topic}/andon", *(f"{self.topic}/last/{window}" for window in WINDOWS)]


class _Stream:
    def __init__(self, stream: str, watches: Sequence[Watch], options: ShowOptions, now: float) -> None:
        self.id = stream
        self.watches = {watch.id: _Watch(stream, watch, options, now) for watch in watches}
        patience_s = {
            watch.id: max(options.stalled_s, watch.spec.span_s + CLIPS_LATE * watch.spec.hop_s) for watch in watches
        }
        self.presence = Presence(options.stalled_s, patience_s, now)
        self.blind: str | None = None
        self.level = 0
        self.models = {watch.id: watch.model for watch in watches}

    @property
    def topics(self) -> list[str]:
        return [f"{self.id}/status", *(topic for watch in self.watches.values() for topic in watch.topics)]
