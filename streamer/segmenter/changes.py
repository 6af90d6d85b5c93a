"""What a way of finding actions says, and what it is asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from recognizers.prediction import Prediction
from streamer.segmenter.rules import EventRule


@dataclass(frozen=True, slots=True)
class Begun:
    """An action goes on."""

    action: str
    start: float
    """Media seconds, back-dated."""
    score: float
    """How sure that is, in [0, 1]."""


@dataclass(frozen=True, slots=True)
class Over:
    """It does so no longer."""

    action: str
    end: float
    """Media seconds, back-dated."""
    total: float
    """Sum of its raw scores while it went on, and their number."""
    count: int


Change = Begun | Over


class Finder(Protocol):
    """Finds what goes on in one watch in one epoch. Of one action, begun and over take turns; what ends comes first; of
    actions that exclude each other, none begins before the end of the other."""

    def observe(self, prediction: Prediction) -> Iterator[list[Change]]:
        """Take the next prediction, of numbers and later than the one before. Goes from moment to moment: whoever asks
        meanwhile is answered for the moment whose changes were given last."""
        ...

    @property
    def known_until(self) -> float:
        """Media seconds up to which it is decided what goes on."""
        ...

    def lasted_until(self, action: str) -> float:
        """Media seconds up to which an action that goes on is known to have done so."""
        ...

    def scored(self, action: str) -> tuple[float, int]:
        """Of an action that goes on: the sum of its raw scores since it began, and their number."""
        ...

    def rising_since(self, action: str) -> float | None:
        """Media seconds since which an action that does not go on may turn out to do so."""
        ...

    def hold_off(self, action: str, after: float, until: float) -> None:
        """An action that does not go on cannot begin between these moments."""
        ...

    def give_up(self, action: str, at: float) -> None:
        """What goes on was over at that moment; it cannot begin again before it is not recognized."""
        ...

    def relabel(self, labels: tuple[str, ...], background: str, rules: Mapping[str, EventRule]) -> None:
        """Go on with the labels and rules of another network, once `close` has decided what was not."""
        ...

    def close(self) -> Iterator[list[Change]]:
        """Nothing more comes, or from another network: decide what is not decided yet."""
        ...
