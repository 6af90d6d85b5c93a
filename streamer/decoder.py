"""Which step goes on, out of noisy recognition: a Bayesian filter over the steps that are done. Pure.

A hypothesis is (steps done, step that goes on, how long it has gone on). From one moment to the next it goes on with
the probability that its log-normal duration leaves, or gives way to another step, whose probability depends on the step
before it and on all that is done. What was recognized weighs hypotheses by how often it is recognized during each step.
Equal hypotheses are joined, and the likeliest ones are kept (a beam). A hidden semi-Markov model (Yu, 2010) whose
states are sets of completed steps.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class StepModel:
    """What is known of C steps and of how K labels are recognized; all probabilities are logarithms."""

    first: Numbers
    """(C,): of the step with which work begins."""
    then: Numbers
    """(C, C): of the step in the second place after the one in the first."""
    done: Numbers | None
    """(C, C): how much likelier a step (second) begins once another (first) is done …; None: what is done is not asked,
    and not followed (where it is, there are at most 62 steps)."""
    undone: Numbers | None
    """(C, C): … and while that is not done."""
    mean: Numbers
    """(C,): of the logarithm of the seconds that a step takes."""
    spread: Numbers
    """(C,): its standard deviation."""
    seen: Numbers
    """(C, K): of each label while a step goes on."""


class StepDecoder:
    """Decodes one stream, moment by moment, with a fixed lag."""

    def __init__(self, model: StepModel, tick_s: float, lag: int, beam: int = 300, longest_s: float = 1200.0) -> None:
        """`tick_s`: seconds between moments; `lag`: after how many further ones a moment is decided; `longest_s`: from
        there on, a step's end no longer depends on how long it has gone on."""
        self._model, self._lag, self._beam = model, lag, beam
        self._stays, self._leaves = _durations(model, _moments(longest_s, tick_s), tick_s)
        steps = len(model.first)
        bits = np.left_shift(np.int64(1), np.arange(min(steps, 63), dtype=np.int64))
        self._bits = np.zeros(steps, np.int64) if model.done is None else bits
        self._now = np.arange(steps)
        """Of each hypothesis: the step that goes on."""
        self._past = self._now[:, None]
        """(hypotheses, moments not decided yet): the step at each."""
        self._lasted = np.full(steps, -1)
        """Moments that the present step has gone on, less one; −1 before anything was seen."""
        self._done = np.zeros(steps, np.int64)
        self._weights = model.first.copy()
        self.sure = 0.0
        """How probable the step is that was decided last, in [0, 1]."""

    def push(self, evidence: Numbers | None) -> int | None:
        """The next moment: the log-likelihood (C,) of what was recognized under each step; None where nothing was seen.

        The step at the moment `lag` before, once there is one.
        """
        if self._lasted[0] < 0:
            self._lasted = np.zeros_like(self._lasted)
        else:
            self._advance()
        if evidence is not None:
            self._weights = self._weights + evidence[self._now]
        self._weights = self._weights - np.logaddexp.reduce(self._weights)
        if self._past.shape[1] <= self._lag:
            return None
        decided = self._likeliest(0)
        self._past = self._past[:, 1:]
        return decided

    def finish(self) -> list[int]:
        """The steps at the moments that were not decided yet."""
        return [self._likeliest(n) for n in range(self._past.shape[1])] if self._lasted[0] >= 0 else []

    def probability_done(self) -> Numbers:
        """(C,): of each step to have been done as a whole, as seen now."""
        isin = (self._done[:, None] & self._bits) > 0
        return np.asarray(np.exp(self._weights) @ isin, np.float64)

    def _likeliest(self, moment: int) -> int:
        shares = np.bincount(self._past[:, moment], np.exp(self._weights), len(self._bits))
        self.sure = min(float(shares.max()), 1.0)
        return int(shares.argmax())

    def _advance(self) -> None:
        now, count = self._now, len(self._weights)
        done = self._done | self._bits[now]
        begins = self._weights[:, None] + self._leaves[now, self._lasted][:, None] + self._next(now, done)
        longest = self._stays.shape[1] - 1
        parents = np.concatenate([np.arange(count), np.repeat(np.arange(count), len(self._bits))])
        steps = np.concatenate([now, np.tile(np.arange(len(self._bits)), count)])
        lasted = np.concatenate([np.minimum(self._lasted + 1, longest), np.zeros(begins.size, np.int64)])
        dones = np.concatenate([self._done, np.repeat(done, len(self._bits))])
        weights = np.concatenate([self._weights + self._stays[now, self._lasted], begins.ravel()])
        kept, joined = self._joined(np.stack([dones, steps, lasted]), weights)
        self._weights, self._lasted, self._done = joined, lasted[kept], dones[kept]
        self._now = steps[kept]
        self._past = np.concatenate([self._past[parents[kept]], self._now[:, None]], axis=1)

    def _next(self, now: NDArray[np.int64], done: NDArray[np.int64]) -> Numbers:
        """(hypotheses, C): of each step to begin next."""
        logits = self._model.then[now]
        if self._model.done is not None and self._model.undone is not None:
            isin = (done[:, None] & self._bits) > 0
            logits = logits + isin @ self._model.done + ~isin @ self._model.undone
        logits[np.arange(len(now)), now] = -np.inf  # `then[now]` is a copy
        return np.asarray(logits - np.logaddexp.reduce(logits, axis=1)[:, None], np.float64)

    def _joined(self, keys: NDArray[np.int64], weights: Numbers) -> tuple[NDArray[np.intp], Numbers]:
        """Positions and weights of the likeliest hypotheses; of equal ones the likeliest stands for all."""
        order = np.argsort(-weights, kind="stable")[: 3 * self._beam]
        order = order[np.isfinite(weights[order])]
        grouped = np.lexsort(keys[:, order])
        same = keys[:, order[grouped]]
        starts = np.flatnonzero(np.concatenate([[True], (same[:, 1:] != same[:, :-1]).any(axis=0)]))
        sums = np.logaddexp.reduceat(weights[order[grouped]], starts)
        likeliest = order[np.minimum.reduceat(grouped, starts)]
        best = np.argsort(-sums, kind="stable")[: self._beam]
        return likeliest[best], sums[best]


def _moments(longest_s: float, tick_s: float) -> Numbers:
    return np.asarray(np.arange(1, math.ceil(longest_s / tick_s) + 1) * tick_s, np.float64)


def _durations(model: StepModel, seconds: Numbers, tick_s: float) -> tuple[Numbers, Numbers]:
    """(C, moments): logarithms of the probability that a step which has gone on so long goes on, and that it ends."""
    survived = _survival((np.log(seconds) - model.mean[:, None]) / model.spread[:, None])
    longer = _survival((np.log(seconds + tick_s) - model.mean[:, None]) / model.spread[:, None])
    goes_on = np.clip(longer / np.maximum(survived, 1e-300), 1e-6, 1 - 1e-6)
    return np.log(goes_on), np.log1p(-goes_on)


_erfc: Callable[[Numbers], Numbers] = np.vectorize(math.erfc, otypes=[np.float64])


def _survival(deviations: Numbers) -> Numbers:
    return _erfc(deviations / math.sqrt(2)) / 2
