"""Weights as a CPU likes them."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def folded(conv: nn.Conv3d, norm: nn.BatchNorm3d) -> tuple[nn.Parameter, nn.Parameter]:
    """Weight and bias of a convolution with its batch norm inside."""
    assert norm.running_var is not None
    assert norm.running_mean is not None
    scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    weight = conv.weight * scale[:, None, None, None, None]
    return constant(weight), constant(norm.bias - norm.running_mean * scale)


def kernel(weight: Tensor) -> nn.Parameter:
    """Of a 2-D convolution over pictures with channels last."""
    return constant(weight.contiguous(memory_format=torch.channels_last))


def constant(tensor: Tensor) -> nn.Parameter:
    return nn.Parameter(tensor.detach(), requires_grad=False)
