"""What is said step by step, or by several, as one."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor


def mean_of_steps(logits: Tensor) -> Tensor:
    """`(N, T, C)` → `(N, C)` logits whose softmax is the mean of the steps' softmaxes."""
    return logits.log_softmax(dim=2).logsumexp(dim=1) - math.log(logits.shape[1])


def weighted_mean(logits: Sequence[Tensor], weights: Sequence[float]) -> Tensor:
    """`(N, C)` of each → `(N, C)` logits whose softmax is the weighted mean of theirs. Not all weights are 0."""
    shares = torch.tensor(weights, dtype=logits[0].dtype, device=logits[0].device).div(sum(weights)).log()
    return (torch.stack([one.log_softmax(dim=1) for one in logits]) + shares[:, None, None]).logsumexp(dim=0)
