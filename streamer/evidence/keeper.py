"""Keeps pictures of events while streams run: what is asked for, when it is all there, and nobody waits for it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol, TypeVar

from recognizers.clip import Clip, Picture, Region
from streamer.clock import Clock
from streamer.errors import ClipUnwritable, NotKept
from streamer.event import Event, Evidence
from streamer.evidence import shelf as shelves
from streamer.evidence.backlog import Backlog
from streamer.evidence.developing import Developer
from streamer.evidence.orders import ClipOrder, Order, SnapshotOrder
from streamer.evidence.privacy import Privacy
from streamer.evidence.rules import EvidenceRule, Shown
from streamer.media.packets import Excerpt, PacketTap
from streamer.media.ring import PacketRing

_log = logging.getLogger(__name__)

LOOK_S = 0.25
"""Seconds from one look at what is due to the next."""
TIDY_S = 10.0
"""Likewise, at what is too old."""
PATIENCE_S = 10.0
"""How much later than it was due the last picture of a clip may come; a camera that froze sends none."""
MOST_WAITING = 64
"""Clips of a stream whose last second is still to come."""
MARGIN_S = 2.0
"""Seconds after the last picture in which a file is usually written."""

_ENDINGS = {"clip": "mp4", "snapshot": "jpg"}

E = TypeVar("E", bound=Event)


class Observer(shelves.Observer, Protocol):
    def evidence_stored(self, kind: str, took_s: float) -> None:
        """`clip` or `snapshot`; from the moment its last picture was there to the file."""
        ...

    def evidence_dropped(self, kind: str, reason: str) -> None:
        """`busy`: too much waits already; `gone`: its pictures are no longer there, or never were; `unwritable`: the
        disk or the pictures are to blame; `failed`: a bug; `shutdown`: no time was left."""
        ...


class Store(Protocol):
    """Where files go; see `streamer.evidence.shelf.Shelf`."""

    def expire(self) -> None: ...

    def put(self, name: str, content: bytes) -> None: ...

    def promise(self, name: str, ready_at: float) -> None: ...

    def give_up(self, name: str) -> None: ...


@dataclass(frozen=True, slots=True)
class StreamEvidence:
    """One stream of which pictures may be kept."""

    ring: PacketRing
    rules: Mapping[str, EvidenceRule]
    """By watch."""
    regions: Mapping[str, Region]
    """Likewise."""
    privacy: Privacy


@dataclass(frozen=True, slots=True, repr=False)
class _Wanted:
    """A clip whose last second may still be to come."""

    event: Shown
    epoch: int
    zero_at: float
    """Unix seconds of media time 0."""
    start_at: float
    end_at: float
    until_s: float
    """Monotonic seconds after which nothing more is waited for."""


class EvidenceKeeper:
    """Lives on the event loop; files are made and written in a thread of its own."""

    def __init__(
        self,
        streams: Mapping[str, StreamEvidence],
        shelf: Store,
        base: str,
        developer: Developer,
        clock: Clock,
        observer: Observer,
    ) -> None:
        """`base`: what addresses begin with, without a slash at the end."""
        self.streams = dict(streams)
        self._shelf, self._base, self._clock, self._observer = shelf, base, clock, observer
        self._developer = developer
        self._backlog, self._tidying = Backlog("evidence"), Backlog("evidence-tidy", most=1)
        self._seen: dict[tuple[str, str], Clip] = {}
        """The newest clip of each watch."""
        self._waiting: dict[str, list[_Wanted]] = {stream: [] for stream in streams}

    def join(self, stream: str, evidence: StreamEvidence) -> None:
        """Pictures of a stream may be kept from now on."""
        self.streams[stream] = evidence
        self._waiting[stream] = []

    def leave(self, stream: str) -> None:
        """The stream is watched no more: what waits for more of it gets what there is."""
        self.lost(stream)
        self.streams.pop(stream, None)
        self._waiting.pop(stream, None)
        self._seen = {of: clip for of, clip in self._seen.items() if of[0] != stream}

    def tap(self, stream: str) -> PacketTap | None:
        """What takes the coded pictures of a stream; None where none of it are kept."""
        return self.streams[stream].ring if stream in self.streams else None

    def saw(self, clip: Clip) -> None:
        """A clip was looked at; what is decided next is decided by it."""
        stream = self.streams.get(clip.stream)
        if stream is not None and stream.rules[clip.watch].keeps_any:
            self._seen[clip.stream, clip.watch] = clip

    def attach(self, event: E) -> E:
        """The event, with the addresses of what will be kept of it; as it is, where nothing will. Never waits and never
        raises: an event goes out whatever becomes of its pictures."""
        stream = self.streams.get(event.stream)
        if stream is None or not isinstance(event, Shown):
            return event
        rule, clip = stream.rules.get(event.watch), self._seen.get((event.stream, event.watch))
        if rule is None or clip is None or not rule.wants(event):
            return event
        try:
            return replace(event, evidence=self._asked(event, rule, clip, stream))
        except Exception:
            _log.exception("stream %s: nothing of an event is kept, by a bug", event.stream)
            for ending in _ENDINGS.values():
                self._shelf.give_up(f"{event.event_id}.{ending}")
            return event

    def lost(self, stream: str) -> None:
        """The connection is over: what waits for more of it gets what there is."""
        for wanted in self._waiting.get(stream, ()):
            self._cut(wanted)
        if stream in self._waiting:
            self._waiting[stream] = []

    async def run(self) -> None:
        """Cut what is due, for as long as the task lives."""
        tidy_s = self._clock.monotonic()
        while True:
            for stream in tuple(self.streams):
                self._cut_due(stream)
            if self._clock.monotonic() >= tidy_s:
                tidy_s = self._clock.monotonic() + TIDY_S
                self._tidying.offer(self._tidy)  # what is too old does not wait for what is made
            await self._clock.sleep(LOOK_S)

    async def close(self, grace_s: float) -> None:
        """Streams have ended: what waits is cut as it is, and written within `grace_s`."""
        for stream in self.streams:
            self.lost(stream)
        await self._backlog.finish(grace_s)
        await self._tidying.finish(grace_s)
        self._developer.close()

    def _asked(self, event: Shown, rule: EvidenceRule, clip: Clip, stream: StreamEvidence) -> Evidence:
        """Have kept what the rule wants; returns where it will be."""
        (start_at, end_at), now = rule.span(event), self._clock.now()
        name, ready_at = f"{self._base}/evidence/{event.event_id}", now + MARGIN_S
        if rule.snapshot:
            self._shelf.promise(f"{event.event_id}.jpg", ready_at)
            self._make(self._snapshot(event, clip, stream, rule))
        if rule.clip:
            ready_at += max(0.0, end_at - now)
            until_s = self._clock.monotonic() + max(0.0, end_at - now) + PATIENCE_S
            self._want(_Wanted(event, clip.epoch, clip.zero_at, start_at, end_at, until_s), ready_at)
        return Evidence(ready_at, f"{name}.mp4" if rule.clip else None, f"{name}.jpg" if rule.snapshot else None)

    def _snapshot(self, event: Shown, clip: Clip, stream: StreamEvidence, rule: EvidenceRule) -> SnapshotOrder:
        seen: Excerpt | Picture = clip.pictures[-1]
        media_s = clip.captured_at - clip.zero_at
        if rule.snapshot_size == "full":
            with suppress(NotKept):  # then at analysis size
                seen = stream.ring.excerpt(clip.epoch, media_s, media_s)
        return SnapshotOrder(event, stream.regions[event.watch], seen, stream.privacy)

    def _want(self, wanted: _Wanted, ready_at: float) -> None:
        waiting = self._waiting[wanted.event.stream]
        if len(waiting) >= MOST_WAITING:
            self._dropped("clip", wanted.event, "busy", "too many wait for their last second")
            return
        self._shelf.promise(f"{wanted.event.event_id}.mp4", ready_at)
        waiting.append(wanted)

    def _cut_due(self, stream: str) -> None:
        waiting = self._waiting[stream]
        if not waiting:
            return
        span, now_s = self.streams[stream].ring.span(), self._clock.monotonic()
        left = []
        for wanted in waiting:
            is_there = span is not None and wanted.zero_at + span.newest_s >= wanted.end_at
            is_over = span is not None and span.epoch != wanted.epoch
            if is_there or is_over or now_s >= wanted.until_s:
                self._cut(wanted)
            else:
                left.append(wanted)
        self._waiting[stream] = left

    def _cut(self, wanted: _Wanted) -> None:
        """Take the coded pictures while they are there, and have them written."""
        stream = self.streams[wanted.event.stream]
        try:
            span = stream.ring.span()
            if span is None or span.epoch != wanted.epoch:
                raise NotKept("the connection has ended since; its pictures are gone")
            # What is no longer there is left out, and said in the clip.
            start_s = max(wanted.start_at - wanted.zero_at, span.first_s)
            excerpt = stream.ring.excerpt(wanted.epoch, start_s, wanted.end_at - wanted.zero_at)
        except NotKept as error:
            self._dropped("clip", wanted.event, "gone", str(error))
            return
        asked, captured_at = (wanted.start_at, wanted.end_at), wanted.zero_at + excerpt.start_s
        self._make(ClipOrder(wanted.event, excerpt, captured_at, asked, stream.privacy))

    def _make(self, order: Order) -> None:
        if not self._backlog.offer(partial(self._keep, order, self._clock.monotonic()), order.size):
            self._dropped(order.kind, order.event, "busy", "too many files wait to be written")

    def _dropped(self, kind: str, event: Shown, reason: str, why: str) -> None:
        self._shelf.give_up(f"{event.event_id}.{_ENDINGS[kind]}")
        self._observer.evidence_dropped(kind, reason)
        _log.warning("stream %s: no %s of an event is kept: %s", event.stream, kind, why)

    def _keep(self, order: Order, since_s: float) -> None:
        """In the thread."""
        reason, why = "failed", "a bug"
        try:
            if self._backlog.leaving.is_set():
                raise NotKept("the service ends before it is written")
            content = order.content(self._developer)
            self._shelf.put(order.name, content)
        except NotKept as error:
            reason, why = "shutdown", str(error)
        except ClipUnwritable as error:
            reason, why = "unwritable", str(error)
        except Exception:
            _log.exception("stream %s: no %s of an event is kept, by a bug", order.event.stream, order.kind)
        else:
            self._observer.evidence_stored(order.kind, self._clock.monotonic() - since_s)
            hidden = ", with what must not be seen hidden" if order.privacy.hides else ""
            words = "evidence kept: %s (%d bytes) of %s/%s%s"
            _log.info(words, order.name, len(content), order.event.stream, order.event.watch, hidden)
            return
        self._dropped(order.kind, order.event, reason, why)

    def _tidy(self) -> None:
        """In the thread."""
        try:
            self._shelf.expire()
        except Exception:
            _log.exception("old evidence is not removed, by a bug")
