"""What a decoder knows of work from its procedure alone, before anything was recorded. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from streamer.decoder import Numbers, StepModel
from streamer.procedure.graph import Procedure, Step, closure

MISTAKE = 0.05
"""How likely a step begins although something must be done before, or although it was done; beside one that may."""
BETWEEN_S = 2.0
"""Seconds that usually pass between two steps."""


def authored_model(procedure: Procedure, labels: Sequence[str], background: str) -> StepModel:
    """The steps in their order, and after them that none goes on. Labels are the recognizer's; `background` is one."""
    steps, nothing = procedure.steps, len(procedure.steps)
    first = np.zeros(nothing + 1)
    then = np.zeros((nothing + 1, nothing + 1))
    then[:nothing, nothing] = math.log(max(nothing, 1))  # a pause is as likely as another step
    done, undone = _order(procedure)
    between = (math.log(BETWEEN_S), 1.5)
    durations = np.array([*map(_duration, steps), between])
    return StepModel(first, then, done, undone, durations[:, 0], durations[:, 1], _seen(procedure, labels, background))


def _order(procedure: Procedure) -> tuple[Numbers, Numbers]:
    """Of alternatives it is not asked which was done."""
    place = {step.name: n for n, step in enumerate(procedure.steps)}
    done, undone = (np.zeros((len(place) + 1, len(place) + 1)) for _ in range(2))
    before = closure(procedure.steps)
    for step in procedure.steps:
        for clause in before[step.name]:
            if len(clause) == 1:
                undone[place[min(clause)], place[step.name]] = math.log(MISTAKE)
        if step.most == 1:
            done[place[step.name], place[step.name]] = math.log(MISTAKE)
    return done, undone


def _duration(step: Step) -> tuple[float, float]:
    """Mean and standard deviation of the logarithm of the seconds; two of the latter lie between typical and max."""
    typical = step.typical_s or (step.max_s or 10.0) / 2
    spread = math.log(step.max_s / typical) / 2 if step.max_s else 0.8
    return math.log(typical), min(max(spread, 0.3), 1.0)


def _seen(procedure: Procedure, labels: Sequence[str], background: str) -> Numbers:
    """What is not recognized is background; what is invented may be any label."""
    invents, misses = (min(max(share, 0.001), 0.4) for share in (procedure.invents, procedure.misses))
    seen = np.full((len(procedure.steps) + 1, len(labels)), invents / max(len(labels) - 1, 1))
    empty = list(labels).index(background)
    for n, step in enumerate(procedure.steps):
        seen[n, empty] = misses
        if step.action in labels:
            seen[n, list(labels).index(step.action)] = 1 - misses - invents
    seen[-1, empty] = 1 - invents
    return np.asarray(np.log(seen / seen.sum(axis=1, keepdims=True)), np.float64)
