"""What a decoder knows of work, from recordings whose steps are known. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from itertools import groupby, pairwise

import numpy as np
from numpy.typing import NDArray

from streamer.decoder import Numbers, StepModel

Recording = tuple[NDArray[np.int64], NDArray[np.int64]]
"""What was recognized and what was so, at equally many moments."""
_NEVER = 1e-12


@dataclass(frozen=True, slots=True)
class Priors:
    """What is believed before anything was seen, in seconds or in times."""

    recognized_s: float = 1000.0
    """Seconds for which each step was recognized as itself …"""
    confused_s: float = 20.0
    """… and as each other one."""
    followed: float = 1.0
    """Times that each step was followed as steps are on the whole."""
    begun: float = 1.0
    """Times that each step began with others done as they are on the whole."""
    order: float = 0.5
    """How much what is done counts for what begins; 1 would be right if steps were done independently of each other."""
    lasted: float = 2.0
    """Times that each step took as long as steps do on the whole."""
    spread: float = 0.6
    """Least standard deviation of the logarithm of durations."""


def experience(recordings: Collection[Recording], steps: int, rate: float, priors: Priors | None = None) -> StepModel:
    """`rate`: moments per second. Labels that are recognized are numbered as steps are."""
    priors = priors or Priors()
    runs = [[(int(step), len(list(run)) / rate) for step, run in groupby(true.tolist())] for _, true in recordings]
    begun = np.bincount([step for one in runs for step, _ in one], minlength=steps).astype(np.float64)
    possible = begun > 0
    first = np.bincount([one[0][0] for one in runs if one], minlength=steps) + 0.1
    mean, spread = _durations(runs, steps, priors)
    done, undone = _order(runs, begun, priors)
    return StepModel(
        first=_logs(np.where(possible, first, _NEVER)),
        then=_then(runs, begun, priors),
        done=done,
        undone=undone,
        mean=mean,
        spread=spread,
        seen=_logs(_confusion(recordings, steps, rate, priors)),
    )


def _logs(counts: Numbers) -> Numbers:
    return np.asarray(np.log(counts / counts.sum(axis=-1, keepdims=True)), np.float64)


def _confusion(recordings: Collection[Recording], steps: int, rate: float, priors: Priors) -> Numbers:
    counts = np.full((steps, steps), priors.confused_s) + np.eye(steps) * priors.recognized_s
    for said, true in recordings:
        counts += np.bincount(true * steps + said, minlength=steps * steps).reshape(steps, steps) / rate
    return counts


Runs = list[list[tuple[int, float]]]
"""Of each recording, steps and seconds."""


def _then(runs: Runs, begun: Numbers, priors: Priors) -> Numbers:
    counts = np.tile(priors.followed * begun / max(begun.sum(), 1.0), (len(begun), 1))
    for one in runs:
        for (before, _), (after, _) in pairwise(one):
            counts[before, after] += 1
    np.fill_diagonal(counts, 0.0)
    return _logs(np.maximum(counts, _NEVER))


def _order(runs: Runs, begun: Numbers, priors: Priors) -> tuple[Numbers, Numbers]:
    """For what is done and for what is not: how much likelier than on the whole a step begins then."""
    counts = np.zeros((len(begun), len(begun)))
    for one in runs:
        for n, (step, _) in enumerate(one):
            counts[list({before for before, _ in one[:n]}), step] += 1
    whole = counts.sum(axis=1, keepdims=True) / max(begun.sum(), 1.0)
    share = np.clip((counts + priors.begun * whole) / (begun + priors.begun), 0.02, 0.98)
    usual = np.clip(whole, 0.02, 0.98)
    return priors.order * np.log(share / usual), priors.order * np.log((1 - share) / (1 - usual))


def _durations(runs: Runs, steps: int, priors: Priors) -> tuple[Numbers, Numbers]:
    logs = [[float(np.log(seconds)) for one in runs for step, seconds in one if step == n] for n in range(steps)]
    every = np.array([value for values in logs for value in values])
    mean = np.array([(sum(values) + priors.lasted * every.mean()) / (len(values) + priors.lasted) for values in logs])
    squares = [sum((value - centre) ** 2 for value in values) for values, centre in zip(logs, mean, strict=True)]
    counts = np.array([len(values) for values in logs])
    variance = (np.array(squares) + priors.lasted * every.var()) / (counts + priors.lasted)
    return mean, np.maximum(np.sqrt(variance), priors.spread)
