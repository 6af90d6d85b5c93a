"""Batch norms of averaged weights have seen none of their own activations: measure them anew ("precise BN")."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from recognizers.train.lessons import Inputs, Lessons
from recognizers.train.parts import set_learning
from recognizers.train.recipe import Recipe

_BATCHES = 40


@torch.no_grad()
def settle_norms(network: nn.Module, recipe: Recipe, lessons: Lessons) -> None:
    """Plain means over some batches, for the norms that learned; what was frozen stays as it is."""
    set_learning(network, recipe.head_only)
    norms = [module for module in network.modules() if isinstance(module, _BatchNorm) and module.training]
    if not norms:
        return
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # a plain mean over what follows
    for number in range(_BATCHES):
        said(network, lessons.batch(np.random.default_rng((recipe.seed, recipe.steps, number)))[0])


def said(network: nn.Module, inputs: Inputs) -> Tensor:
    """What a network answers, whatever it is asked with."""
    answer: Tensor = network(inputs) if isinstance(inputs, Tensor) else network(*inputs)
    return answer
