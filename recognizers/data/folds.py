"""Few clips in parts: each part is judged by a network that saw the others, so that every clip is judged once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from recognizers.errors import DataError


@dataclass(frozen=True, slots=True)
class Folds:
    """Which fold each clip is in, and how far that can be trusted."""

    of_clip: tuple[int, ...]
    count: int
    lone: tuple[str, ...]
    """Labels that are parted clip by clip, since too few groups show them: figures of them are too good."""


def folds(clips: Sequence[tuple[str, str]], most: int = 3) -> Folds:
    """Label and group of each clip → folds that share no group, each with every label.

    A group that shows several labels stays whole. Where there are too few groups for that, labels are parted by clip:
    those of a single group, or if need be all.
    """
    groups: dict[str, set[str]] = {}
    for label, group in clips:
        groups.setdefault(label, set()).add(group)
    lone = tuple(sorted(label for label, own in groups.items() if len(own) < 2))
    for apart in (lone, tuple(sorted(groups))):
        units = [f"{label} {n}" if label in apart else f"group {group}" for n, (label, group) in enumerate(clips)]
        for count in range(most, 1, -1):
            of_clip = _parted(clips, units, count)
            if len(set(zip(of_clip, (label for label, _ in clips), strict=True))) == count * len(groups):
                return Folds(of_clip, count, apart)
    raise DataError(
        "an action has a single clip; there must be two at the least, one to learn from and one to judge by"
    )


def _parted(clips: Sequence[tuple[str, str]], units: Sequence[str], count: int) -> tuple[int, ...]:
    """Each unit to the fold that has the fewest clips of its labels."""
    members: dict[str, Counter[str]] = {}
    for (label, _), unit in zip(clips, units, strict=True):
        members.setdefault(unit, Counter())[label] += 1
    held: list[Counter[str]] = [Counter() for _ in range(count)]
    fold_of: dict[str, int] = {}
    # The largest first: the small ones then even out what is left.
    for unit in sorted(members, key=lambda one: (-members[one].total(), one)):
        own = members[unit]
        fold = min(range(count), key=lambda n: (sum(held[n][label] * own[label] for label in own), held[n].total(), n))
        fold_of[unit], held[fold] = fold, held[fold] + own
    return tuple(fold_of[unit] for unit in units)
