"""What is said step by step, as one."""

from __future__ import annotations

import math

from torch import Tensor


def mean_of_steps(logits: Tensor) -> Tensor:
    """`(N, T, C)` → `(N, C)` logits whose softmax is the mean of the steps' softmaxes."""
    return logits.log_softmax(dim=2).logsumexp(dim=1) - math.log(logits.shape[1])
