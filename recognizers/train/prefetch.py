"""Batches, prepared while the network learns from the one before."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from recognizers.train.augment import mixed
from recognizers.train.lessons import Inputs, Lessons
from recognizers.train.recipe import Recipe

_own = threading.local()


@dataclass(frozen=True, slots=True)
class Batch:
    """What is learned from in a step."""

    step: int
    inputs: Inputs
    truth: Tensor
    """`(N, C)`."""

    def handed_over(self) -> Batch:
        """On a GPU: memory that a worker took is not taken again before what learns here is done with it."""
        for tensor in (self.truth, *(self.inputs if isinstance(self.inputs, tuple) else (self.inputs,))):
            if tensor.is_cuda:
                tensor.record_stream(torch.cuda.current_stream())
        return self


def batches(lessons: Lessons, recipe: Recipe, first: int, seed: tuple[int, ...]) -> Generator[Batch, None, None]:
    """A batch for each step from `first` on, in order; as many threads as the recipe has workers are ahead.

    Chance is seeded by step, not in a row: it is the same whoever prepares a batch when, and a training that goes on
    draws what it would have drawn.
    """

    def prepared(step: int) -> Batch:
        rng = np.random.default_rng((*seed, step))
        with _beside(recipe.on):
            inputs, truth = lessons.batch(rng)
            if isinstance(inputs, Tensor):
                inputs, truth = mixed(inputs, truth, recipe.mixup_of(step), rng)
        return Batch(step, inputs, truth)

    with ThreadPoolExecutor(recipe.workers, "batches") as workers:
        waiting: deque[Future[Batch]] = deque()
        try:
            for step in range(first, recipe.steps):
                waiting.append(workers.submit(prepared, step))
                if len(waiting) > recipe.workers:
                    yield waiting.popleft().result().handed_over()
            while waiting:
                yield waiting.popleft().result().handed_over()
        finally:
            for future in waiting:
                future.cancel()


@contextmanager
def _beside(device: torch.device) -> Iterator[None]:
    """On a GPU, a queue of this thread's own: in that of the network, each copy would wait for a whole step."""
    if device.type == "cpu":
        yield
        return
    if not hasattr(_own, "stream"):
        _own.stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
        _own.stream.wait_stream(torch.cuda.default_stream(device))  # what lessons prepared there
    with torch.cuda.stream(_own.stream):
        yield
    _own.stream.synchronize()
