"""The fastest of several ways to run a network, among those that say what it says.

That is one question (`best_of`), asked where answers differ for two reasons. On a CPU (`choice`) another library adds
up the same numbers in another order: logits differ by rounding, and whatever differs by more is a fault. On a GPU
(`gpu`) half the precision may be taken, which moves logits by more; there it is scores that may hardly move, since they
are what counts.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from statistics import median
from typing import TypeVar

import torch
from torch import Tensor
from torch.nn import functional as F

from recognizers.card import Card
from recognizers.errors import RecognizerError
from recognizers.runtimes.answers import scores_of

TOLERANCE = 0.005
"""How much a score may differ, by what runs the network, from that of the plain network in float32 on a CPU."""

Runner = TypeVar("Runner")
Look = Callable[[Tensor], Tensor]
"""`(N, T, 3, H, W)` uint8 pictures → `(N, classes)` float32 logits."""

FAILURES = (RuntimeError, RecognizerError)
"""Of a way that cannot be gone: there is no such kernel, or no room, or a library cannot run such a network."""

_TRIALS = 5
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, repr=False)
class Trial:
    """What ways are compared by."""

    card: Card
    clips: Tensor
    """`(N, T, 3, H, W)` uint8, on the device."""
    wanted: Tensor
    """`(N, C)` the plain network's logits."""


def is_faithful(look: Look, trial: Trial) -> bool:
    """Whether no score of the trial is off by more than the tolerance; what is not finite is off."""
    card = replace(trial.card, abstain=None)  # of noise it would: then whatever is said is the same
    said = scores_of(look(trial.clips).cpu(), card)
    return bool(((said - scores_of(trial.wanted.cpu(), card)).abs() <= TOLERANCE).all())


def best_of(
    ways: Mapping[str, Callable[[], Runner]], is_faithful: Callable[[Runner], bool], seconds: Callable[[Runner], float]
) -> Runner:
    """The first way, or a faster one that is faithful. Ways that fail, or say something else, are left out, which is
    told; `seconds` measures one."""
    plain, *others = ways
    best = ways[plain]()
    least, chosen = seconds(best), plain
    for name in others:
        try:
            way = ways[name]()
            if not is_faithful(way):
                _log.info("%s is left out: it says something else than %s", name, plain)
                continue
            took = seconds(way)
        except FAILURES as error:
            _log.info("%s is left out: %s", name, error)
            continue
        if took < least:
            best, least, chosen = way, took, name
    _log.info("runtime: %s, %.2f ms for what was tried", chosen, 1e3 * least)
    return best


def fastest(ways: Mapping[str, Callable[[], Look]], trial: Trial, seconds: Callable[[Look, Tensor], float]) -> Look:
    """The best by the scores of a trial, whose clips `seconds` measures."""
    return best_of(ways, lambda look: is_faithful(look, trial), lambda look: seconds(look, trial.clips))


def seconds_of(look: Look, clips: Tensor) -> float:
    """For a batch. Waits for a GPU."""
    return seconds(lambda: look(clips))


def seconds(run: Callable[[], object]) -> float:
    """The median of a few trials, each after one that does not count."""
    return median(_trial(run) for _ in range(_TRIALS))


def _trial(run: Callable[[], object]) -> float:
    # torch.utils.benchmark would do, but importing it wants setuptools, which an installation need not have.
    run()
    _wait()
    begun = time.perf_counter()
    run()
    _wait()
    return time.perf_counter() - begun


def _wait() -> None:
    if torch.accelerator.is_available():
        torch.accelerator.synchronize()


def trial_clips(clips: int, frames: int, side_px: int) -> Tensor:
    """`(N, T, 3, H, W)` uint8: blurred noise that changes in time, of growing contrast, under sharp noise."""
    random = torch.Generator().manual_seed(1)
    coarse = torch.randn(clips, 3, max(2, frames // 4), 7, 7, generator=random)
    smooth = F.interpolate(coarse, (frames, side_px, side_px), mode="trilinear")
    sharp = torch.randn(clips, 3, frames, side_px, side_px, generator=random)
    contrast = torch.linspace(15, 70, clips)[:, None, None, None, None]
    level = torch.rand(clips, 3, 1, 1, 1, generator=random) * 120 + 60
    return (level + contrast * smooth + 8 * sharp).clamp(0, 255).byte().transpose(1, 2).contiguous()
