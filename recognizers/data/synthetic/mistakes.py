"""Work at the simulated cell with mistakes in it: steps that are left out, swapped, done again or too slowly.

Right work is drawn, and cut as a film is: each step looks as it does in right work, and where the order was changed the
picture jumps.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from recognizers.clip import Picture
from recognizers.data.synthetic.cell import WorkCell
from recognizers.data.synthetic.script import Act, Segment

MISTAKES = ("none", "missed", "swapped", "repeated", "slow")
SLOWER = 3.5
"""Of a turn at the crank that is too slow: as many times more turns."""


@dataclass(frozen=True, slots=True)
class _Shot:
    """A piece of right work, and where it is shown."""

    segment: Segment
    start_s: float

    @property
    def shown(self) -> Segment:
        length_s = self.segment.end_s - self.segment.start_s
        return replace(self.segment, start_s=self.start_s, end_s=self.start_s + length_s)


class MistakenWork:
    """One session at the bench, a unit for each of the `mistakes`; a function of those, the seed and the moment."""

    def __init__(self, seed: int, mistakes: Sequence[str], height_px: int = 240) -> None:
        rng = np.random.default_rng((seed, 2))
        plan = [_unit(mistake, rng) for mistake in mistakes]
        self._cell = WorkCell(seed, height_px, plan)
        self._shots: list[_Shot] = []
        self.units_s: list[float] = []
        """When the pause before each unit begins."""
        drawn = self._drawn(sum(map(len, plan)))
        for mistake, unit in zip(mistakes, plan, strict=True):
            # Before each step there is a pause, which goes with it.
            steps = [(drawn.pop(0), drawn.pop(0)) for _ in unit]
            self.units_s.append(self.length_s)
            for pause, step in _changed(steps, mistake, rng):
                self._show(pause)
                self._show(step)
        self._starts_s = [shot.start_s for shot in self._shots]

    @property
    def length_s(self) -> float:
        """Until the last unit is done."""
        return self._shots[-1].shown.end_s if self._shots else 0.0

    @property
    def segments(self) -> list[Segment]:
        """What is done, pauses included."""
        return [shot.shown for shot in self._shots]

    def draw(self, at_s: float) -> Picture:
        """The picture of a moment, `(H, W, 3)` uint8 RGB; after the last unit, that of its end."""
        shot = self._shots[max(0, bisect_right(self._starts_s, at_s) - 1)]
        return self._cell.draw(min(shot.segment.start_s + max(0.0, at_s - shot.start_s), shot.segment.end_s))

    def _drawn(self, steps: int) -> list[Segment]:
        script = self._cell.script
        while len(script.segments) < 2 * steps:
            script.until(script.segments[-1].end_s if script.segments else 0.0)
        return script.segments[: 2 * steps]

    def _show(self, segment: Segment) -> None:
        self._shots.append(_Shot(segment, self.length_s))


def _unit(mistake: str, rng: np.random.Generator) -> list[Act]:
    """Pick, place, tighten or loosen, inspect, put away."""
    turn = str(rng.choice(("tighten", "loosen")))
    slower = SLOWER if mistake == "slow" else 1.0
    return [Act("pick"), Act("place"), Act(turn, slower), Act("inspect"), Act("put_away")]


Pair = tuple[Segment, Segment]


def _changed(steps: list[Pair], mistake: str, rng: np.random.Generator) -> list[Pair]:
    changed = list(steps)
    if mistake == "missed":
        del changed[int(rng.choice((0, 1, 3, 4)))]
    elif mistake == "swapped":
        first = int(rng.choice((0, 1)))
        changed[first], changed[first + 1] = changed[first + 1], changed[first]
    elif mistake == "repeated":
        again = int(rng.choice((1, 3)))
        changed.insert(again + 1, changed[again])
    return changed
