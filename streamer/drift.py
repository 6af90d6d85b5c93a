"""Whether live clips are still like those that a network was taught. Pure.

Counts over all streams of a recognizer, since a network is trained anew for all of them; compares with what its card
calls usual.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recognizers.card import Usual
from recognizers.prediction import Prediction
from recognizers.spread import instability, spread

BLOCK, BLOCKS = 500, 4
"""Clips that are counted together, and how many of such blocks are looked at: measures are of the last 2000 clips."""
BACK = 0.8
"""Share of a limit below which a measure that was above it is as usual again."""


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure, as it stands."""

    name: str
    """`scores`, `unfamiliar`, `distant` or `abstained`."""
    value: float
    limit: float
    drifted: bool
    changed: bool
    """Whether it crossed its limit just now, or has come back."""


class Drift:
    """Of one network; make a new one for another network.

    * `scores`: how far the best scores are from how they usually spread (`recognizers.spread`); abstained clips apart.
    * `unfamiliar`: share of clips that the network knows less well (by energy) than nineteen of twenty of its own.
    * `distant`: share of clips that lie further from what it was taught than nineteen of twenty of its own, where its
      card says what that is. What is new can be known well, by energy, and be distant all the same.
    * `abstained`: share of clips of which it said that it does not know them.
    """

    def __init__(self, usual: Usual) -> None:
        self._usual = usual
        self._now: list[Prediction] = []
        self._blocks: deque[_Block] = deque(maxlen=BLOCKS)
        self._drifted: dict[str, bool] = dict.fromkeys(usual.limits, False)

    def observe(self, prediction: Prediction) -> list[Measure]:
        """Count an answer; after every block, how things stand. What says nothing, or is of people, does not count."""
        if prediction.energy is None or not prediction.is_finite:
            return []
        self._now.append(prediction)
        if len(self._now) < BLOCK:
            return []
        self._blocks.append(_counted(self._now, self._usual))
        self._now = []
        values = self._values()
        return [
            self._measure(name, values[name], limit) for name, limit in self._usual.limits.items() if name in values
        ]

    def _values(self) -> dict[str, float]:
        clips = sum(block.clips for block in self._blocks)
        values = {
            "unfamiliar": sum(block.unfamiliar for block in self._blocks) / clips,
            "distant": sum(block.distant for block in self._blocks) / clips,
            "abstained": sum(block.abstained for block in self._blocks) / clips,
        }
        scores = instability(np.sum([block.scores for block in self._blocks], axis=0), self._usual.scores)
        return values if scores is None else values | {"scores": scores}

    def _measure(self, name: str, value: float, limit: float) -> Measure:
        before = self._drifted[name]
        self._drifted[name] = value > limit * (BACK if before else 1)
        return Measure(name, value, limit, self._drifted[name], self._drifted[name] != before)


@dataclass(frozen=True, slots=True)
class _Block:
    clips: int
    unfamiliar: int
    distant: int
    abstained: int
    scores: NDArray[np.float64]


def _counted(said: list[Prediction], usual: Usual) -> _Block:
    known = [prediction.scores for prediction in said if not prediction.abstained]
    return _Block(
        clips=len(said),
        unfamiliar=sum(one.energy is not None and one.energy < usual.familiar for one in said),
        distant=sum(one.distance is not None and one.distance > usual.near for one in said),
        abstained=sum(one.abstained for one in said),
        scores=spread(np.array(known)) if known else np.zeros((len(usual.scores), len(usual.scores[0]))),
    )
