"""Streams that end every worker they come to are set aside, so that they cannot end them all. Pure.

A death tells who was there and not who did it. So streams are suspected that a worker had begun with shortly before,
and after a few deaths all that were at each of them are set aside. They are tried again by halves, one after the other:
what a worker outlives is cleared, what ends it is halved again, and what ends it alone waits longer and longer.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

DEATHS = 3
"""Of workers that a stream had come to shortly before; then it is set aside."""
SOON_S = 30.0
"""What ends its worker does so within this time; what it outlives is cleared."""
TRIAL_S = 120.0
"""Longer than that nobody waits for a worker to take what is tried."""
FIRST_S, CAP_S = 60.0, 900.0
"""Before what ended a worker alone is tried again."""


@dataclass(slots=True)
class _Case:
    deaths: int = 0
    alone: int = 0
    """Deaths for which it alone was to blame."""
    since_s: float | None = None
    """When its worker had begun with it; None: it has not yet."""


class Quarantine:
    """Told of what workers hold and of their deaths; `step` decides."""

    def __init__(self) -> None:
        self._cases: dict[str, _Case] = {}
        self._groups: list[list[str]] = []
        """Set aside together, to be tried one group after the other."""
        self._alone: dict[str, float] = {}
        """Set aside alone, and when each is tried again."""
        self._trial: set[str] = set()
        self._trial_s = 0.0

    @property
    def aside(self) -> Mapping[str, float | None]:
        """Streams that nobody is to watch, and when each is tried again; None: as soon as others were."""
        return {**dict.fromkeys((stream for group in self._groups for stream in group), None), **self._alone}

    # What is told

    def held(self, stream: str, now_s: float) -> None:
        """A worker has begun with it."""
        self._cases.setdefault(stream, _Case()).since_s = now_s

    def moved(self, streams: Iterable[str]) -> None:
        """Their worker has them no more, and did not end by itself."""
        for stream in streams:
            self._cases.setdefault(stream, _Case()).since_s = None

    def died(self, streams: Collection[str], now_s: float) -> None:
        """A worker ended by itself, which watched these or was about to."""
        cases = {stream: self._cases.setdefault(stream, _Case()) for stream in streams}
        suspects = [s for s, case in cases.items() if case.since_s is None or now_s - case.since_s <= SOON_S]
        self.moved(streams)
        if tried := [stream for stream in suspects if stream in self._trial]:
            self._trial.difference_update(tried)
            return self._set_aside(tried, now_s)
        for stream in suspects:
            cases[stream].deaths += 1
        if reached := [stream for stream in suspects if cases[stream].deaths >= DEATHS]:
            self._set_aside(reached, now_s)

    def forget(self, stream: str) -> None:
        """It is no more, or is another one than before."""
        self._cases.pop(stream, None)
        self._alone.pop(stream, None)
        self._trial.discard(stream)
        self._groups = [left for group in self._groups if (left := [one for one in group if one != stream])]

    # What is decided

    def step(self, now_s: float) -> None:
        """Clear what workers have outlived; try the next."""
        for stream, case in self._cases.items():
            if case.since_s is not None and now_s - case.since_s > SOON_S:
                case.deaths = case.alone = 0
                self._trial.discard(stream)
        if self._trial and now_s - self._trial_s > TRIAL_S:
            self._trial.clear()
        if not self._trial:
            self._try_next(now_s)

    def _try_next(self, now_s: float) -> None:
        due = sorted((at_s, stream) for stream, at_s in self._alone.items() if at_s <= now_s)
        if self._groups:
            self._trial = {*self._groups.pop(0)}
        elif due:
            self._trial = {due[0][1]}
            del self._alone[due[0][1]]
        self._trial_s = now_s

    def _set_aside(self, streams: list[str], now_s: float) -> None:
        """One by itself waits; of several nobody knows which it was."""
        if len(streams) == 1:
            case = self._cases[streams[0]]
            self._alone[streams[0]] = now_s + min(CAP_S, FIRST_S * 2.0**case.alone)
            case.alone += 1
        else:
            half = len(streams) // 2
            self._groups += [streams[:half], streams[half:]]
