"""Who is called for: green, amber or red, why, since when, and who has said that they come. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import IntEnum

from streamer.event import CycleEvent, CyclePhase, StepEvent

MOST_CALLS = 100
"""Calls that stand at a time; the oldest of the lowest colour go first."""


class Colour(IntEnum):
    """As on the lamp over the station; the larger, the more urgent."""

    GREEN = 0
    AMBER = 1
    RED = 2

    def __str__(self) -> str:
        return self.name.lower()


DEFAULT = {
    **dict.fromkeys(("missed", "out_of_order", "undone"), Colour.RED),
    **dict.fromkeys(("overtime", "undershoot", "repeated", "premature", "inconclusive", "abandoned"), Colour.AMBER),
    **dict.fromkeys(("offline", "stalled", "blind"), Colour.AMBER),
}
"""What calls for somebody: verdicts on steps, a unit that was abandoned, a camera that does not see."""


@dataclass(frozen=True, slots=True)
class Call:
    """One thing that somebody should look at."""

    colour: Colour
    reason: str
    """A word of `DEFAULT`."""
    since: float
    """Unix seconds."""
    about: Mapping[str, str]
    """What it is about: step, cycle_id, unit_id and the like."""
    acknowledged_by: str | None = None
    acknowledged_at: float | None = None
    """Unix seconds; None: nobody has."""


class Andon:
    """The lamp of one watch.

    A verdict calls until it is revised to one that does not, or until it is resolved. When the next unit begins, calls
    go that are amber or that somebody has acknowledged: red stays until somebody has. A camera that does not see calls
    until it sees again.
    """

    def __init__(self, colours: Mapping[str, Colour], at: float) -> None:
        """`colours` by reason; what is not in it does not call. `at`: Unix seconds, as everywhere here."""
        self._colours = colours
        self._calls: dict[str, Call] = {}
        self._green_since = at

    @property
    def colour(self) -> Colour:
        return max((call.colour for call in self._calls.values()), default=Colour.GREEN)

    @property
    def since(self) -> float:
        """When it took this colour, as far as what calls now tells."""
        worst = [call.since for call in self._calls.values() if call.colour is self.colour]
        return min(worst, default=self._green_since)

    @property
    def call(self) -> Call | None:
        """The one to look at first: of the most urgent colour, not acknowledged before acknowledged, the newest."""
        return max(
            self._calls.values(), default=None, key=lambda one: (one.colour, one.acknowledged_at is None, one.since)
        )

    @property
    def calls(self) -> int:
        return len(self._calls)

    def judged(self, event: StepEvent) -> None:
        """A step was judged, or judged anew."""
        about = {"step": event.step, "step_id": str(event.step_id), **_unit(event)}
        self._set(f"step/{event.step_id}", str(event.verdict), event.decided_at, about)

    def moved_on(self, event: CycleEvent) -> None:
        """A unit begins or is over."""
        if event.phase is CyclePhase.ABANDONED:
            why = {} if event.reason is None else {"ending": str(event.reason)}
            self._set(f"cycle/{event.cycle_id}", "abandoned", event.decided_at, {**_unit(event), **why})
        elif event.phase is CyclePhase.STARTED:
            self._keep(
                {
                    key: call
                    for key, call in self._calls.items()
                    if key == "stream" or (call.colour is Colour.RED and call.acknowledged_at is None)
                },
                event.decided_at,
            )

    def sight(self, trouble: str | None, at: float) -> None:
        """The camera is offline, stalled or blind; None: it sees."""
        self._set("stream", trouble or "", at, {})

    def acknowledge(self, by: str, at: float) -> None:
        """Somebody comes."""
        for key, call in self._calls.items():
            if call.acknowledged_at is None:
                self._calls[key] = replace(call, acknowledged_by=by, acknowledged_at=at)

    def resolve(self, at: float) -> None:
        """It was seen to; what a camera does not see stays."""
        self._keep({key: call for key, call in self._calls.items() if key == "stream"}, at)

    def _set(self, key: str, reason: str, at: float, about: Mapping[str, str]) -> None:
        colour, before = self._colours.get(reason, Colour.GREEN), self._calls.get(key)
        if colour is Colour.GREEN:
            self._keep({one: call for one, call in self._calls.items() if one != key}, at)
        elif before is None or colour > before.colour:
            self._calls[key] = Call(colour, reason, at, about)
        else:
            self._calls[key] = replace(before, colour=colour, reason=reason, about=about)
        while len(self._calls) > MOST_CALLS:
            del self._calls[min(self._calls, key=lambda one: self._calls[one].colour)]

    def _keep(self, calls: dict[str, Call], at: float) -> None:
        if self._calls and not calls:
            self._green_since = at
        self._calls = calls


def _unit(event: StepEvent | CycleEvent) -> dict[str, str]:
    known = {"procedure": event.procedure, "cycle_id": str(event.cycle_id), "unit_id": event.unit_id}
    return {name: value for name, value in known.items() if value is not None}
