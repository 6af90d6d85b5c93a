"""Carries out what the placement decides: who is to hold what is compared with who does, again and again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any, Protocol

from streamer.clock import Clock
from streamer.errors import ConfigError, NotNow, TaktError
from streamer.placement import Cost, Place, Placement, Quarantine, Report, Slot, Wish

_log = logging.getLogger(__name__)

TURN_S = 1.0
"""Seconds from one look to the next, where nothing happens."""
AGAIN_S = 30.0
"""Before what a worker refused is asked of it again."""
TAKE_OVER_S = 5.0
"""Others are given as long to take over what a dead worker had."""
HOLD_S = 120.0
"""A worker may take as long to load networks."""
BLAMED = "workers that watched it ended, one after the other; see their last words in the log"


class Asked(Protocol):
    """A worker, as it is asked."""

    async def ask(self, what: str, patience_s: float = 30.0, **rest: object) -> Mapping[str, Any]: ...

    def tell(self, what: str, **rest: object) -> None: ...


Of = Callable[[Collection[str]], Mapping[str, Any]]
"""What a worker is told that is to hold these streams: the configuration with them alone, and more."""
Held = Mapping[str, tuple[int, int]]
"""By stream, its term, and the how manieth wish it was made of."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    number: int
    stopped: bool = False


@dataclass(slots=True)
class _Hand:
    """What a worker was told to hold."""

    worker: Asked
    held: dict[str, tuple[int, int]] = field(default_factory=dict)
    asked: frozenset[str] = frozenset()
    """What it may hold besides: it was told to, and has not answered."""
    levels: dict[str, int] = field(default_factory=dict)
    refused: Held | None = None
    """What it could not hold as a whole."""
    problems: dict[str, TaktError] = field(default_factory=dict)
    """Which streams that was for, and why."""
    again_s: float = float("-inf")
    busy: bool = False
    """It is being told."""


class Spreading:
    """Lives on the event loop."""

    def __init__(self, placement: Placement, clock: Clock, of: Of) -> None:
        self.placement = placement
        self.quarantine = Quarantine()
        self._clock, self._of = clock, of
        self.placed: Callable[[], None] = lambda: None
        """Called after each decision."""
        self._hands: dict[str, _Hand] = {}
        self._wanted: dict[str, _Wanted] = {}
        self._wishes = count(1)
        self._due = asyncio.Event()
        self._looked: set[asyncio.Event] = set()

    # What is told

    def want(self, stream: str, priority: int = 0) -> None:
        """A stream is to be watched; one that is already is made anew where its section is another, and is not held
        responsible for what the former did."""
        self.quarantine.forget(stream)
        self._wanted[stream] = _Wanted(next(self._wishes))
        self.placement.want(Wish(stream, priority))
        self._due.set()

    def forget(self, stream: str) -> None:
        self._wanted.pop(stream, None)
        self.quarantine.forget(stream)
        self.placement.forget(stream)
        self._due.set()

    def expect(self, slot: Slot) -> None:
        """A worker begins in it: streams are kept for it, so that the first one there does not get all."""
        self.placement.join(slot)

    def joined(self, slot: Slot, worker: Asked) -> None:
        """A worker takes streams."""
        self._hands[slot.id] = _Hand(worker)
        self.placement.join(slot)
        self._due.set()

    def lose(self, slot: str, crashed: bool = False) -> set[str]:
        """A worker is no more, and none comes in its slot; what it had goes to others. `crashed`: by its own code."""
        had_begun = self._hands.pop(slot, None) is not None
        orphans = set(self.placement.lose(slot))
        if crashed and had_begun:
            self.quarantine.died(sorted(orphans), self._clock.monotonic())
        else:
            self.quarantine.moved(orphans)
        self._due.set()
        return orphans

    async def lost(self, slot: str, crashed: bool = False) -> None:
        """As `lose`. Returns once others have taken over what was its own, as far as they do so soon: until then none
        may begin in its slot, which would own the outbox again."""
        orphans = self.lose(slot, crashed)
        with suppress(TimeoutError):
            async with asyncio.timeout(TAKE_OVER_S):
                await self._next_look()
                while self._hands and orphans - self._settled:
                    await self._next_look()

    @property
    def _settled(self) -> set[str]:
        """Streams that a worker holds, or that none has room for or is to have."""
        held = {stream for hand in self._hands.values() for stream in hand.held}
        return held.union((wish.stream for wish in self.placement.waiting), self.quarantine.aside)

    def reported(self, slot: str, said: Mapping[str, Any]) -> None:
        costs = {stream: Cost(**cost) for stream, cost in said["costs"].items()}
        self.placement.measured(slot, Report(said["overhead"], costs), self._clock.monotonic())

    async def stop(self, stream: str, stopped: bool) -> None:
        """Watch it no more, or again; wherever it goes it stays so. Raises as `worker_of`, and as its worker does."""
        await self.worker_of(stream).ask("stop" if stopped else "start", stream=stream)
        self._wanted[stream] = replace(self._wanted[stream], stopped=stopped)

    async def taken(self, stream: str) -> None:
        """Wait until a worker watches a stream as it was wished for last.

        Raises:
            NotNow: none has room for it, or it takes too long.
            ConfigError: it cannot be made.
        """
        wanted = self._wanted[stream].number
        with suppress(TimeoutError):
            async with asyncio.timeout(HOLD_S):
                while True:
                    await self._next_look()
                    place = self.placement.place(stream)
                    if place is None and self._hands:
                        raise NotNow("no worker has room for another stream; remove one, or give more workers", 60)
                    hand = None if place is None else self._hands.get(place.slot)
                    if hand is not None and hand.held.get(stream, (0, 0))[1] == wanted:
                        return
                    if hand is not None and stream in hand.problems:
                        raise hand.problems[stream]
        raise NotNow("its worker has not begun with it yet; look again later")

    def worker_of(self, stream: str) -> Asked:
        """Raises NotNow: nobody watches it at the moment."""
        place = self.placement.place(stream)
        hand = None if place is None else self._hands.get(place.slot)
        if hand is None and stream in self.quarantine.aside:
            raise NotNow(f"this stream is set aside for a while: {BLAMED}")
        if hand is None:
            raise NotNow("no worker has room for this stream, or its worker begins; try again")
        return hand.worker

    def holds(self, slot: str, stream: str) -> bool:
        """Whether a worker is the one to speak of a stream."""
        place = self.placement.place(stream)
        return place is not None and place.slot == slot

    # What is done

    async def run(self) -> None:
        """For as long as the task lives."""
        async with asyncio.TaskGroup() as group:
            while True:
                self._due.clear()
                self.look(group)
                with suppress(TimeoutError):
                    async with asyncio.timeout(TURN_S):
                        await self._due.wait()

    def look(self, group: asyncio.TaskGroup) -> None:
        """Decide, and tell each worker that is not being told already: one that takes its time holds up no other."""
        now_s = self._clock.monotonic()
        self.quarantine.step(now_s)
        self.placement.set_aside(self.quarantine.aside)
        self.placement.step(now_s)
        self.placed()
        wanted = self._by_slot()
        for slot, hand in self._hands.items():
            if not hand.busy:
                hand.busy = True
                group.create_task(self._bring(slot, hand, wanted.get(slot, {})))
        for looked in self._looked:
            looked.set()

    async def _next_look(self) -> None:
        looked = asyncio.Event()
        self._looked.add(looked)
        try:
            await looked.wait()
        finally:
            self._looked.discard(looked)

    def _by_slot(self) -> dict[str, dict[str, Place]]:
        wanted: dict[str, dict[str, Place]] = {}
        for stream, place in self.placement.places.items():
            wanted.setdefault(place.slot, {})[stream] = place
        return wanted

    async def _bring(self, slot: str, hand: _Hand, wanted: Mapping[str, Place]) -> None:
        """Let a worker hold what it is to. What another that lives still holds it gets once that has let go of it."""
        try:
            others = {s for one in self._hands.values() if one is not hand for s in one.asked.union(one.held)}
            wanted = {one: place for one, place in wanted.items() if one not in others and one in self._wanted}
            held = {stream: (place.term, self._wanted[stream].number) for stream, place in wanted.items()}
            if held != hand.held or hand.asked:
                await self._hold(slot, hand, held, wanted)
            for stream in hand.held.keys() & wanted.keys():
                if hand.levels.get(stream, 0) != wanted[stream].level:
                    await self._level(hand, stream, wanted[stream].level)
        finally:
            hand.busy = False

    async def _hold(self, slot: str, hand: _Hand, held: Held, wanted: Mapping[str, Place]) -> None:
        if held == hand.refused and self._clock.monotonic() < hand.again_s:
            return
        hand.refused, hand.problems = None, {}
        refusal = await self._try(slot, hand, held, wanted)
        if refusal is None:
            return
        hand.problems = await self._apart(slot, hand, held, wanted, refusal)
        hand.refused, hand.again_s = held, self._clock.monotonic() + AGAIN_S
        self._due.set()

    async def _apart(
        self, slot: str, hand: _Hand, held: Held, wanted: Mapping[str, Place], refusal: TaktError
    ) -> dict[str, TaktError]:
        """Have it hold what it can of what it refused as a whole: a stream that cannot be made keeps no other waiting,
        nor one that is to end. Returns what is wrong with each of the rest."""
        new = sorted(held.keys() - hand.held.keys())
        known = {stream: of for stream, of in held.items() if stream not in new}
        problems = {stream: refusal for stream, of in held.items() if hand.held.get(stream) != of}
        same = known == hand.held
        if (same and len(new) == 1) or not new or (not same and await self._try(slot, hand, known, wanted) is not None):
            return problems
        for one in new:
            tried = {stream: of for stream, of in held.items() if stream in hand.held or stream == one}
            if (problem := await self._try(slot, hand, tried, wanted)) is not None:
                problems[one] = problem
        return {stream: problem for stream, problem in problems.items() if hand.held.get(stream) != held[stream]}

    async def _try(self, slot: str, hand: _Hand, held: Held, wanted: Mapping[str, Place]) -> TaktError | None:
        """Have it hold these, and no others; why it cannot, and still holds what it did."""
        held = {stream: of for stream, of in held.items() if stream in self._wanted}  # some may be no more by now
        streams = {stream: self._told(wanted[stream]) for stream in held}
        before, hand.asked = hand.asked, hand.asked.union(held)
        try:
            await hand.worker.ask("hold", HOLD_S, streams=streams, **self._of(streams))
        except NotNow as error:
            _log.info("worker %s is not ready: %s", slot, error)
        except (TaktError, KeyError) as error:
            problems = error.problems if isinstance(error, ConfigError) else [str(error)]
            for problem in problems:
                _log.error("worker %s cannot watch what it is to: %s", slot, problem)
            hand.asked = before
            return error if isinstance(error, TaktError) else TaktError(problems[0])
        else:
            for stream in [one for one in held if held[one] != hand.held.get(one) and one in self._wanted]:
                self.quarantine.held(stream, self._clock.monotonic())
            hand.held, hand.asked = held, frozenset()
            hand.levels = {stream: wanted[stream].level for stream in held}
            self._due.set()
        return None

    def _told(self, place: Place) -> Mapping[str, Any]:
        return {"term": place.term, "level": place.level, "stopped": self._wanted[place.stream].stopped}

    async def _level(self, hand: _Hand, stream: str, level: int) -> None:
        try:
            await hand.worker.ask("level", stream=stream, level=level)
        except (TaktError, KeyError) as error:
            _log.info("stream %s keeps its pace: %s", stream, error)
        else:
            hand.levels[stream] = level
            if level:
                _log.warning("stream %s is degraded: one of %d of its clips is looked at", stream, level + 1)
            else:
                _log.info("stream %s is looked at as it is configured", stream)
