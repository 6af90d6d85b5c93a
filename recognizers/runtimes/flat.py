"""3-D convolutions as the 2-D ones that most of them are, over the same memory with channels last.

cuDNN has better kernels for 2-D convolutions than for 3-D ones. A 1×h×w kernel sees pictures alone, a k×1×1 kernel sees
T rows of H · W pixels; neither moves a number for it. Over few channels, neighbouring pictures are laid side by side.
"""

from __future__ import annotations

from copy import deepcopy
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from recognizers.nn.resnet3d import CausalConv3d, StemConv, back
from recognizers.runtimes.folding import kernel

LANES = 8
"""Channels that a matrix unit takes at once, in half precision."""
FEW_CHANNELS = 4


def flat(network: nn.Module) -> nn.Module:
    """A copy of a network with 2-D convolutions where they do the same."""
    network = deepcopy(network)
    for module in list(network.modules()):
        for name, child in module.named_children():
            if isinstance(child, nn.Conv3d) and (made := _flattened(child)) is not None:
                setattr(module, name, made)
    return network


def _flattened(conv: nn.Conv3d) -> nn.Module | None:
    (taps, *sides), (step, *strides), padding = conv.kernel_size, conv.stride, conv.padding
    known = type(conv) in (nn.Conv3d, StemConv, CausalConv3d) and not isinstance(padding, str)
    if not known or conv.padding_mode != "zeros" or {*conv.dilation} != {1}:
        return None
    if (taps, step, *_ends(conv)) == (1, 1, 0, 0):
        return SpaceConv(conv)
    if (*sides, *strides, *padding[1:]) == (1, 1, 1, 1, 0, 0):
        return TimeConv(conv)
    return StackedConv(conv) if step == conv.groups == 1 and conv.in_channels <= FEW_CHANNELS else None


class SpaceConv(nn.Module):
    """A 1×h×w convolution. As all here, `(N, C, T, H, W)`, best channels last → the same, channels last."""

    def __init__(self, conv: nn.Conv3d) -> None:
        super().__init__()
        self.weight, self.bias, self._groups = kernel(conv.weight[:, :, 0]), conv.bias, conv.groups
        self._stride, self._padding = conv.stride[1:], cast(tuple[int, int, int], conv.padding)[1:]

    def forward(self, x: Tensor) -> Tensor:
        pixels = _pixels(x)
        y = F.conv2d(
            _images(pixels.flatten(0, 1)), self.weight, self.bias, self._stride, self._padding, groups=self._groups
        )
        return _clips(y, len(x))


class TimeConv(nn.Module):
    """A k×1×1 convolution; may have a temporal stride."""

    def __init__(self, conv: nn.Conv3d) -> None:
        super().__init__()
        self.weight, self.bias, self._groups = kernel(conv.weight.flatten(3)), conv.bias, conv.groups
        self._step, (self._before, self._after) = conv.stride[0], _ends(conv)

    def forward(self, x: Tensor) -> Tensor:
        rows, ends = _pixels(x).flatten(2, 3), self._before
        if self._before != self._after:
            rows, ends = F.pad(rows, (0, 0, 0, 0, self._before, self._after)), 0
        y = F.conv2d(_images(rows), self.weight, self.bias, (self._step, 1), (ends, 0), groups=self._groups)
        y = y.permute(0, 2, 3, 1).contiguous()
        return y.view(*y.shape[:2], *x.shape[3:], -1).permute(0, 4, 1, 2, 3)


class StackedConv(nn.Module):
    """A k×h×w convolution over few channels as one over pictures of k times the channels: three colours alone leave
    most of a matrix unit idle."""

    def __init__(self, conv: nn.Conv3d) -> None:
        super().__init__()
        self._taps, self._ends = conv.kernel_size[0], _ends(conv)
        weight = conv.weight.transpose(1, 2).flatten(1, 2)
        self._spare = -weight.shape[1] % LANES
        self.weight, self.bias = kernel(F.pad(weight, (0, 0, 0, 0, 0, self._spare))), conv.bias
        self._stride, self._padding = conv.stride[1:], cast(tuple[int, int, int], conv.padding)[1:]

    def forward(self, x: Tensor) -> Tensor:
        padded = F.pad(_pixels(x), (0, 0, 0, 0, 0, 0, *self._ends))
        frames = padded.shape[1] - self._taps + 1
        beside = [padded[:, tap : tap + frames] for tap in range(self._taps)]
        if self._spare:
            beside.append(x.new_zeros(()).expand(*beside[0].shape[:-1], self._spare))
        images = _images(torch.cat(beside, dim=4).flatten(0, 1))
        return _clips(F.conv2d(images, self.weight, self.bias, self._stride, self._padding), len(x))


def _ends(conv: nn.Conv3d) -> tuple[int, int]:
    """Pictures of zeros before the first and after the last."""
    if isinstance(conv, StemConv | CausalConv3d):
        before = back(conv)
        return before, conv.kernel_size[0] - 1 - before
    ends = cast(tuple[int, int, int], conv.padding)[0]
    return ends, ends


def _pixels(x: Tensor) -> Tensor:
    """`(N, C, T, H, W)` → `(N, T, H, W, C)`; no copy where channels are last."""
    return x.permute(0, 2, 3, 4, 1).contiguous()


def _images(pixels: Tensor) -> Tensor:
    """`(M, H, W, C)` → `(M, C, H, W)`, channels last."""
    return pixels.permute(0, 3, 1, 2)


def _clips(y: Tensor, n: int) -> Tensor:
    """`(N * T, C, H, W)` → `(N, C, T, H, W)`; no copy where channels are last."""
    pixels = y.permute(0, 2, 3, 1).contiguous()
    return pixels.view(n, -1, *pixels.shape[1:]).permute(0, 4, 1, 2, 3)
