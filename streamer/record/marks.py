"""Which seconds of a stream are to be kept. Pure."""

from __future__ import annotations

from dataclasses import dataclass

MOST = 8
"""Moments that wait for their end at a time."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Seconds of media time that are to be kept."""

    epoch: int
    start_s: float
    end_s: float


class Marks:
    """Moments that were marked, until their last second has been seen."""

    def __init__(self, pre_roll_s: float, seconds: float) -> None:
        """Kept is what was seen from `pre_roll_s` before a moment to `seconds` after it."""
        self._pre_roll_s, self._seconds = pre_roll_s, seconds
        self._waiting: list[Wanted] = []

    def __len__(self) -> int:
        return len(self._waiting)

    def mark(self, epoch: int, media_s: float) -> Wanted | None:
        """A moment; None where too many wait already."""
        if len(self._waiting) >= MOST:
            return None
        self._waiting.append(Wanted(epoch, media_s - self._pre_roll_s, media_s + self._seconds))
        return self._waiting[-1]

    def due(self, epoch: int, media_s: float) -> list[Wanted]:
        """What has been seen to its end, and what a lost connection cut off before."""
        done = [one for one in self._waiting if one.epoch != epoch or one.end_s <= media_s]
        self._waiting = [one for one in self._waiting if one not in done]
        return done
