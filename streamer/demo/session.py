"""What is done in front of the demo's camera, and what the camera sees of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, count, takewhile
from typing import Protocol

from recognizers.clip import Picture
from recognizers.data.synthetic import WorkCell
from recognizers.data.synthetic.mistakes import MistakenWork
from recognizers.data.synthetic.script import Segment

UNITS = ("none", "missed", "none", "swapped", "none", "repeated", "slow", "missed", "none", "none")
"""A unit after the other, then again from the first."""


class Session(Protocol):
    """A day at the bench; seconds count from its beginning."""

    def draw(self, at_s: float) -> Picture: ...

    def truth(self, until_s: float) -> list[Segment]:
        """What is done, pauses included, up to a moment."""
        ...


def session_of(seed: int, mistakes: bool, height_px: int = 240) -> Session:
    """The same day for the same seed, with right work or with `UNITS`."""
    return Again(MistakenWork(seed, UNITS, height_px)) if mistakes else WorkCell(seed, height_px)


class Again:
    """The same work, over and over."""

    def __init__(self, work: MistakenWork) -> None:
        self._work = work

    def draw(self, at_s: float) -> Picture:
        return self._work.draw(at_s % self._work.length_s)

    def truth(self, until_s: float) -> list[Segment]:
        return list(takewhile(lambda segment: segment.start_s <= until_s, self._all()))

    def _all(self) -> Iterator[Segment]:
        rounds = (number * self._work.length_s for number in count())
        return chain.from_iterable(
            (replace(one, start_s=one.start_s + began_s, end_s=one.end_s + began_s) for one in self._work.segments)
            for began_s in rounds
        )
