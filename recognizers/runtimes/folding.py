"""Weights as a CPU likes them."""

from __future__ import annotations

from copy import deepcopy
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from recognizers.nn.pictureconv import constant


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


def without_norms(network: nn.Module) -> nn.Module:
    """A copy of a network over pictures or clips, each batch norm inside the convolution before it.

    A norm belongs to a convolution that its module registers just before it, as all do here.
    """
    network = deepcopy(network).eval()
    for module in network.modules():
        for (place, conv), (name, norm) in pairwise(list(module.named_children())):
            if isinstance(conv, nn.Conv2d | nn.Conv3d) and isinstance(norm, nn.BatchNorm2d | nn.BatchNorm3d):
                setattr(module, place, fuse_conv_bn_eval(conv, norm))
                setattr(module, name, nn.Identity())
    return network.requires_grad_(False)


def folded_pictures(network: nn.Module) -> nn.Module:
    """A copy of a network over pictures with channels last, each batch norm inside the convolution before it."""
    return without_norms(network).to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]
