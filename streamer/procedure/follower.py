"""The work that one watch sees: a monitor that outlives connections, told what was seen and what could not be. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from uuid import UUID

from recognizers.prediction import Prediction
from streamer.event import ActionEvent, Ending, Event, Phase
from streamer.procedure.graph import Procedure
from streamer.procedure.monitor import ProcedureMonitor, Told
from streamer.units import Named

UNSEEN_S = 1.0
"""Media seconds that no clip showed (not looked at, too few pictures) are a time without sight from here on."""


class Follower:
    """Tells a monitor when the camera could see: while clips without longer gaps between them are answered, and nobody
    says otherwise. It begins without sight: what was done before the first clip was not seen."""

    def __init__(self, procedure: Procedure, stream: str, watch: str) -> None:
        self._of = (procedure, stream, watch)
        self._monitor = ProcedureMonitor(*self._of)
        self._monitor.lost_sight(-math.inf)
        self._sees = False
        self._blind = False
        """Whether the picture shows nothing, whatever is recognized in it."""
        self._clear_at = -math.inf
        """Unix seconds of the first picture that showed something again."""
        self._unseen: dict[UUID, ActionEvent] = {}
        """Actions that began without sight and go on."""
        self._seen_to = -math.inf
        """Unix seconds of the newest picture that was looked at."""

    def saw(self, prediction: Prediction, events: Sequence[ActionEvent]) -> list[Event]:
        """A clip was answered; `events` are what that began and ended. Returns them with what they mean."""
        if not prediction.is_finite:
            return list(events)
        at = prediction.captured_at
        began_at = at - (prediction.end - prediction.start)
        told: list[Event] = []
        if self._sees and began_at - self._seen_to > UNSEEN_S:
            told += self._lose(self._seen_to)
        if not (self._sees or self._blind or began_at < self._clear_at):
            told += self._regain(at)
        self._seen_to = at
        return told + self.told_of(events) + [*self._monitor.passed(at)]

    def looked(self, at: float, blind_since: float | None) -> list[Told]:
        """A picture came (Unix seconds); since when they have shown nothing, if so."""
        if blind_since is None:
            self._clear_at = at if self._blind else self._clear_at
            self._blind = False
            return []
        if self._blind:
            return []
        self._blind = True
        return self._lose(blind_since)

    def told_of(self, events: Sequence[ActionEvent]) -> list[Event]:
        """Each event, and after it what it means. What begins in pictures that show nothing means nothing, unless it
        goes on when they do."""
        told: list[Event] = []
        for event in events:
            told.append(event)
            if event.phase is Phase.STARTED and not self._sees:
                self._unseen[event.action_id] = event
            elif event.phase is not Phase.ENDED or self._unseen.pop(event.action_id, None) is None:
                told += self._monitor.observe(event)
        return told

    def lost(self, events: Sequence[ActionEvent]) -> list[Event]:
        """The connection is over, and so are the actions that were open."""
        self._blind, self._clear_at = False, -math.inf
        return [*self.told_of(events), *self._lose(self._seen_to)]

    def named(self, unit: Named, at: float, grace_s: float) -> None:
        """Somebody says (Unix seconds) which unit is worked on."""
        self._monitor.named(unit, at, grace_s)

    def passed(self, now: float) -> list[Told]:
        """Time (Unix seconds) went by though nothing is seen."""
        return [] if self._sees else self._monitor.passed(now)

    def close(self, ending: Ending) -> list[Told]:
        """Nothing more will be seen."""
        return self._monitor.close(self._seen_to, ending)

    def _regain(self, at: float) -> list[Told]:
        told: list[Told] = []
        if at < self._seen_to - UNSEEN_S:  # a clock was set back: nothing can be told of what is before what
            told += self._monitor.close(self._seen_to)
            self._monitor = ProcedureMonitor(*self._of)
            self._monitor.lost_sight(-math.inf)
        told += self._monitor.regained_sight(at)
        self._sees = True
        for event in self._unseen.values():
            told += self._monitor.observe(event)
        self._unseen.clear()
        return told

    def _lose(self, at: float) -> list[Told]:
        self._sees = False
        return self._monitor.lost_sight(at)
