"""Convolutions over `(N, C, T, H, W)` without padding in time, as each device likes them.

Of fewer pictures than the kernel sees there is no answer: `(N, C', 0, H', W')`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

_FILLED = 16
"""Channels that fill the widest vector register (AVX-512): answers of so many together are found at once."""


class PlainConv(nn.Module):
    """torch's own."""

    def __init__(self, weight: Tensor, bias: Tensor, step: int, stride: int, dilation: int) -> None:
        """`weight`: `(C', C, k, h, w)`; `step` in time, `stride` and `dilation` in space."""
        super().__init__()
        self.weight, self.bias = constant(weight), constant(bias)
        self.strides, self.padding = (step, stride, stride), (0, *_padding(weight, dilation))
        self.dilations = (1, dilation, dilation)

    def forward(self, x: Tensor) -> Tensor:
        if x.shape[2] < self.weight.shape[2]:
            return _nothing(x, self.weight.shape[0], self.strides[1])
        return F.conv3d(x, self.weight, self.bias, self.strides, self.padding, self.dilations)


class BandedConv(nn.Module):
    """For a first layer of few channels, over space and time: answers of neighbouring pictures are channels of one 2-D
    convolution over all that they see, with weights of zero where one does not look. They fill vector registers
    together, which each alone would leave half empty."""

    def __init__(self, weight: Tensor, bias: Tensor, stride: int) -> None:
        """`weight`: `(C', C, k, h, w)`; `stride` in space."""
        super().__init__()
        self.channels, self.taps, self.stride, self.padding = (
            weight.shape[0],
            weight.shape[2],
            stride,
            _padding(weight, 1),
        )
        self.most = max(1, _FILLED // self.channels)
        """Pictures whose answers go together."""
        self.weights = nn.ParameterList(_banded(weight, answers) for answers in range(1, self.most + 1))
        self.bias = constant(bias)

    def forward(self, x: Tensor) -> Tensor:
        due = int(x.shape[2]) - self.taps + 1  # a plain number also where the network is traced
        if due <= 0:
            return _nothing(x, self.channels, self.stride)
        starts = range(0, due, self.most)
        parts = [self._part(x[:, :, start : min(due, start + self.most) + self.taps - 1]) for start in starts]
        return torch.cat(parts, dim=2)

    def _part(self, seen: Tensor) -> Tensor:
        answers = int(seen.shape[2]) - self.taps + 1
        pictures = seen.transpose(1, 2).flatten(1, 2)
        y = F.conv2d(pictures, self.weights[answers - 1], self.bias.repeat(answers), self.stride, self.padding)
        return y.view(y.shape[0], answers, self.channels, *y.shape[2:]).transpose(1, 2)


def _banded(weight: Tensor, answers: int) -> nn.Parameter:
    """`(n * C', (n + k - 1) * C, h, w)` of n answers."""
    c_out, c_in, taps, height, width = weight.shape
    band = weight.new_zeros(answers, c_out, answers + taps - 1, c_in, height, width)
    for place in range(answers):
        band[place, :, place : place + taps] = weight.transpose(1, 2)
    return constant(band.flatten(2, 3).flatten(0, 1))


def plain_conv(weight: Tensor, bias: Tensor, step: int, stride: int, dilation: int) -> nn.Module:
    """`weight`: `(C', C, k, h, w)`; `step` in time, `stride` and `dilation` in space."""
    if weight.shape[2] > 1 and weight.shape[3] > 1 and step == dilation == 1:
        return BandedConv(weight, bias, stride)
    return PlainConv(weight, bias, step, stride, dilation)


class PictureConv(nn.Module):
    """For a CPU, where torch's own 3-D convolutions of few channels can be slow: pictures are a batch of a 2-D one, and
    the later taps of a temporal kernel are products of matrices that are added.

    What it gives has its channels last in memory; what it takes best has them there too.
    """

    def __init__(self, weight: Tensor, bias: Tensor, step: int, stride: int, dilation: int) -> None:
        """`weight`: `(C', C, k, h, w)`; `step` in time, `stride` and `dilation` in space."""
        super().__init__()
        self.channels, self.taps, self.step, self.stride = weight.shape[0], weight.shape[2], step, stride
        self.padding, self.dilation = _padding(weight, dilation), dilation
        self.later: nn.Parameter | None = None
        """`(k - 1, C, C')`"""
        if self.taps > 1 and weight.shape[3:] == (1, 1):
            self.later = constant(weight[:, :, 1:, 0, 0].permute(2, 1, 0).contiguous())
            weight = weight[:, :, :1]
        # Taps in space and time at once lie side by side, as channels.
        self.weight = constant(weight.flatten(1, 2).contiguous(memory_format=torch.channels_last))
        self.bias = constant(bias)

    def forward(self, x: Tensor) -> Tensor:
        due = (x.shape[2] - self.taps) // self.step + 1
        if due <= 0:
            return _nothing(x, self.channels, self.stride)
        if self.taps == 1 or self.later is not None:
            pictures = self._of_tap(x, 0, due).transpose(1, 2)
        else:
            pictures = x.unfold(2, self.taps, self.step).permute(0, 2, 1, 5, 3, 4).flatten(2, 3)
        y = F.conv2d(pictures.flatten(0, 1), self.weight, self.bias, self.stride, self.padding, self.dilation)
        y = y.contiguous(memory_format=torch.channels_last)
        if self.later is not None:
            pixels = y.permute(0, 2, 3, 1).view(-1, self.channels)
            for tap, weight in enumerate(self.later, start=1):
                pixels.addmm_(self._of_tap(x, tap, due).permute(0, 2, 3, 4, 1).reshape(-1, x.shape[1]), weight)
        return y.view(x.shape[0], due, *y.shape[1:]).transpose(1, 2)

    def _of_tap(self, x: Tensor, tap: int, due: int) -> Tensor:
        return x[:, :, tap : tap + (due - 1) * self.step + 1 : self.step]


def plain_pool(x: Tensor) -> Tensor:
    """The largest of 1×3×3 with a stride of 2 in space."""
    return F.max_pool3d(x, (1, 3, 3), (1, 2, 2), (0, 1, 1)) if x.shape[2] else _nothing(x, x.shape[1], 2)


def picture_pool(x: Tensor) -> Tensor:
    """The same with pictures as a batch."""
    if not x.shape[2]:
        return _nothing(x, x.shape[1], 2)
    y = F.max_pool2d(x.transpose(1, 2).flatten(0, 1), 3, 2, 1)
    return y.view(x.shape[0], x.shape[2], *y.shape[1:]).transpose(1, 2)


@dataclass(frozen=True, slots=True)
class Layers:
    """How layers are executed."""

    conv: Callable[[Tensor, Tensor, int, int, int], nn.Module]
    pool: Callable[[Tensor], Tensor]
    relu: Callable[[Tensor], Tensor]
    add: Callable[[Tensor, Tensor], Tensor]


PLAIN = Layers(plain_conv, plain_pool, F.relu, torch.add)
"""For a GPU, and to be traced for another runtime: nothing is written in place."""
BY_PICTURE = Layers(PictureConv, picture_pool, F.relu_, Tensor.add_)
"""For torch on a CPU."""


def _nothing(x: Tensor, channels: int, stride: int) -> Tensor:
    height, width = (-(-side // stride) for side in x.shape[3:])
    return x.new_empty(x.shape[0], channels, 0, height, width)


def _padding(weight: Tensor, dilation: int) -> tuple[int, int]:
    """That keeps the size where the stride is 1."""
    return dilation * (weight.shape[3] // 2), dilation * (weight.shape[4] // 2)


def constant(tensor: Tensor) -> nn.Parameter:
    """What no training changes."""
    return nn.Parameter(tensor.detach(), requires_grad=False)
