"""What few clips can and cannot tell, in words: too few, too alike, and what to record next. Pure."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from recognizers.data.duplicates import Look, near_duplicates

LEAST, GOOD = 5, 10
"""Clips of an action that can be learned from at all, and that are worth having."""
_WEAK = 0.85


@dataclass(frozen=True, slots=True)
class Shown:
    """A clip that was taught."""

    name: str
    label: str
    group: str
    look: Look


@dataclass(frozen=True, slots=True)
class Advice:
    """What to know about a taught recognizer."""

    warnings: tuple[str, ...]
    next: tuple[str, ...]
    """What to record next, the most useful first."""


def advice(
    clips: Sequence[Shown], background: str, held_out: dict[str, Any], labels: Sequence[str], lone: Sequence[str]
) -> Advice:
    """Of the clips and of the figures of networks on clips that they had not seen (`figures`).

    Args:
        lone: labels whose clips were parted one by one, so that their figures are too good.
    """
    warnings, wanted = [], []
    counts = Counter(clip.label for clip in clips)
    for label in labels:
        if label == background:
            continue
        own = [clip for clip in clips if clip.label == label]
        if counts[label] < GOOD:
            least = " (five are the least)" if counts[label] < LEAST else ""
            warnings.append(f"{label}: only {counts[label]} clips{least}; ten from several people are a good start")
        if label in lone:
            groups = ", ".join(sorted({clip.group for clip in own}))
            warnings.append(
                f"{label}: too few sessions ({groups}) to judge by one that was not seen; its figure is too good"
            )
            wanted.append(f"{label} in another session, best by another person, with --group for who it is")
        if (same := alike(own)) > len(own) / 3:
            warnings.append(
                f"{label}: {same} of {len(own)} clips show nearly the same as another one; they count little"
            )
            wanted.append(f"{label} differently: another person, part, hand or light")
    if not counts[background]:
        warnings.append("no clip shows the place while none of the actions goes on; simulated scenes stand in for that")
        wanted.insert(0, f"{background}: the place without any of the actions, also with people in it")
    return Advice(tuple(warnings), tuple(dict.fromkeys([*wanted, *_weak(held_out, labels)])))


def alike(clips: Sequence[Shown]) -> int:
    """How many clips show the same as another one, or nearly."""
    looks = [clip.look for clip in clips]
    return len({one for one, other, _ in near_duplicates(looks, looks) if one != other})


def interval(right: float, of: int) -> tuple[float, float]:
    """Between what shares the truth lies with 95 %, where `right` of `of` clips were (Wilson, 1927)."""
    if of == 0:
        return 0.0, 1.0
    z2 = 1.96**2
    middle, spread = right + z2 / (2 * of), 1.96 * math.sqrt(right * (1 - right) / of + z2 / (4 * of**2))
    return max(0.0, (middle - spread) / (1 + z2 / of)), min(1.0, (middle + spread) / (1 + z2 / of))


def _weak(held_out: dict[str, Any], labels: Sequence[str]) -> list[str]:
    """Actions that were often missed, the weakest first, and what they were taken for."""
    confusion, found = held_out["confusion"], []
    for label, share in sorted(held_out["recall"].items(), key=lambda one: one[1]):
        if share < _WEAK:
            row = list(confusion[list(labels).index(label)])
            row[list(labels).index(label)] = -1
            taken_for = labels[int(np.argmax(row))]
            found.append(f"{label}: {share:.0%} were recognized, others were mostly taken for {taken_for}")
    return found
