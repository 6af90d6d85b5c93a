"""Assembly101's mistakes (Sener et al., CVPR 2022): is each step right, as far as recordings of others show?

Each recording with a mistake is judged up to its first one, as in the literature on online mistakes. What is known
comes from the recordings of all other people, up to their first mistakes: which steps there are, what always comes
before what, and which steps were mistakes whenever somebody did them. Nothing of the person who is judged is looked at.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from streamer.procedure.evaluation.scores import counted, macro_f1
from streamer.procedure.learning import precedence

_PERSON = re.compile(r"_both_(\d+)-")


@dataclass(frozen=True, slots=True)
class Step:
    """What was done, with which part, to what."""

    verb: str
    part: str
    to: str
    label: str
    """correct, mistake or correction."""

    @property
    def action(self) -> str:
        return f"{self.verb} {self.part}"


Recording = tuple[str, list[Step]]
"""Whose, and what they did."""


def evaluate(folder: Path) -> dict[str, float]:
    """Figures over all people, each judged by what the others did; fractions of 1.

    Raises:
        OSError, ValueError: no folder of these annotations.
    """
    recordings = read(folder)
    judged = [pair for person in sorted({one for one, _ in recordings}) for pair in _judged(person, recordings)]
    counts = counted(judged)
    return {
        "macro_f1": macro_f1(judged),
        "mistake_f1": counts.f1,
        "mistake_precision": counts.precision,
        "mistake_recall": counts.recall,
        "correct_f1": counted((not said, not true) for said, true in judged).f1,
        "steps": len(judged),
        "mistakes": sum(true for _, true in judged),
    }


def read(folder: Path) -> list[Recording]:
    """All recordings.

    Raises:
        ValueError: a file that is no annotation.
    """
    found = []
    for path in sorted(folder.glob("*.csv")):
        person = _PERSON.search(path.name)
        with path.open(newline="") as file:
            rows = [[cell.strip() for cell in row] for row in csv.reader(file) if row]
        if person is None or any(len(row) < 6 for row in rows):
            raise ValueError(f"{path}: is no annotation of Assembly101's mistakes")
        found.append((person[1], [Step(row[2], row[3], row[4], row[5]) for row in rows]))
    if not found:
        raise ValueError("no *.csv in it")
    return found


def _judged(person: str, recordings: Sequence[Recording]) -> list[tuple[bool, bool]]:
    """Pairs (said to be a mistake, is one) of this person's steps."""
    others = [steps for one, steps in recordings if one != person]
    right = [_until_mistake(steps) for steps in others]
    order = precedence([[step.action for step in steps] for steps in right])
    good = {(step.action, step.to) for steps in right for step in steps}
    bad = {(step.action, step.to) for steps in others for step in steps if step.label == "mistake"} - good
    pairs = []
    for one, steps in recordings:
        before = _until_mistake(steps)
        if one != person or len(before) == len(steps):
            continue
        for n, step in enumerate(steps[: len(before) + 1]):
            done = {earlier.action for earlier in steps[:n]}
            said = order.broken_by(step.action, done) or (step.action, step.to) in bad
            pairs.append((said, step.label != "correct"))
    return pairs


def _until_mistake(steps: list[Step]) -> list[Step]:
    wrong = next((n for n, step in enumerate(steps) if step.label != "correct"), len(steps))
    return steps[:wrong]
