"""Lessons of several data sets together, judged by one of them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from recognizers.train.lessons import Inputs, Lessons, Part
from recognizers.train.validate import Answers


class JoinedLessons:
    """Batches of which each part gives its share; all know the same labels."""

    def __init__(self, parts: Sequence[Lessons], judge: Lessons | None) -> None:
        """`judge`: whose held-out clips judge; None: nothing does."""
        first = parts[0]
        self.labels, self.background, self.description = first.labels, first.background, first.description
        self.fingerprint = hashlib.sha256("".join(part.fingerprint for part in parts).encode()).hexdigest()
        self._parts, self._judge = parts, judge

    def batch(self, rng: np.random.Generator) -> tuple[Inputs, Tensor]:
        """As many inputs of each part as of any other."""
        drawn = [part.batch(rng) for part in self._parts]
        share = -(-len(drawn[0][1]) // len(drawn))
        inputs = [one for one, _ in drawn if isinstance(one, Tensor)]
        return torch.cat([one[:share] for one in inputs]), torch.cat([truth[:share] for _, truth in drawn])

    def judged(self, network: nn.Module, part: Part) -> Answers:
        if self._judge is None or part != "held_out":
            return Answers(torch.zeros(0, len(self.labels)), np.zeros(0, np.int64))
        return self._judge.judged(network, part)
