"""Batches, prepared while the network learns from the one before."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from recognizers.train.augment import mixed
from recognizers.train.lessons import Inputs, Lessons
from recognizers.train.recipe import Recipe


@dataclass(frozen=True, slots=True)
class Batch:
    """What is learned from in a step."""

    step: int
    inputs: Inputs
    truth: Tensor
    """`(N, C)`."""


def batches(lessons: Lessons, recipe: Recipe, first: int, seed: tuple[int, ...]) -> Generator[Batch, None, None]:
    """A batch for each step from `first` on, in order; as many threads as the recipe has workers are ahead.

    Chance is seeded by step, not in a row: it is the same whoever prepares a batch when, and a training that goes on
    draws what it would have drawn.
    """

    def prepared(step: int) -> Batch:
        rng = np.random.default_rng((*seed, step))
        inputs, truth = lessons.batch(rng)
        if isinstance(inputs, Tensor):
            inputs, truth = mixed(inputs, truth, recipe.mixup_of(step), rng)
        return Batch(step, inputs, truth)

    steps = iter(range(first, recipe.steps))
    with ThreadPoolExecutor(recipe.workers, "batches") as workers:
        waiting: deque[Future[Batch]] = deque()
        try:
            for step in steps:
                waiting.append(workers.submit(prepared, step))
                if len(waiting) > recipe.workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
