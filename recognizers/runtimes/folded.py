"""SlowFast rewritten for a CPU, with equal answers (1e-4).

torch runs small 3-D convolutions of few channels on a slow path of its own. Here pictures are the batch, convolutions
are 2-D with channels last, and batch norms are folded into them. A temporal kernel becomes as many output channels of
one convolution, added up over neighbouring pictures afterwards: that moves less memory than laying neighbours side by
side in front of it.
"""

from __future__ import annotations

from typing import TypeVar, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from recognizers.models.slowfast import SlowFast
from recognizers.nn.resnet3d import Block, Lateral, Stage, Stem, window_mean

M = TypeVar("M")

_AT_ONCE = 4
"""Clips: what more of them hand from layer to layer no longer fits the cache."""
_LANES = 8
"""Numbers in a vector register; other counts of channels make a convolution slower than the next multiple does."""


class _Conv(nn.Module):
    """A convolution and its batch norm as one 2-D convolution; takes and gives `(N * T, C, H, W)`, channels last."""

    def __init__(self, conv: nn.Conv3d, norm: nn.BatchNorm3d) -> None:
        super().__init__()
        weight, bias = _folded(conv, norm)
        self.channels, self.taps = weight.shape[0], weight.shape[2]
        self.weight, self.bias = _by_tap(weight, bias)
        self.stride, self.padding = conv.stride[1:], cast(tuple[int, int], conv.padding)[1:]

    def forward(self, x: Tensor, frames: int) -> Tensor:
        y = F.conv2d(x, self.weight, self.bias, self.stride, self.padding)
        return y if self.taps == 1 else _added_up(y, frames, self.taps, self.channels)


class _Lateral(nn.Module):
    """A k×1×1 convolution of temporal stride. Neighbours are laid side by side here, since most are left out."""

    def __init__(self, conv: nn.Conv3d, norm: nn.BatchNorm3d) -> None:
        super().__init__()
        weight, self.bias = _folded(conv, norm)
        self.taps, self.step = weight.shape[2], conv.stride[0]
        self.weight = _kernel(weight.transpose(1, 2).flatten(1, 2))

    def forward(self, x: Tensor, frames: int) -> Tensor:
        pixels = _by_clip(x.permute(0, 2, 3, 1), frames)
        n, _, h, w, c = pixels.shape
        beside = pixels.new_zeros(n, frames // self.step, h, w, self.taps, c)
        for tap in range(self.taps):
            ahead = tap - self.taps // 2
            first = max(0, -(ahead // self.step))
            there = pixels[:, first * self.step + ahead :: self.step][:, : frames // self.step - first]
            beside[:, first : first + there.shape[1], :, :, tap] = there
        return F.conv2d(beside.flatten(-2).flatten(0, 1).permute(0, 3, 1, 2), self.weight, self.bias)


class _Stem(nn.Module):
    """`(T, 3, H, W)` pictures of mean 0 → `(T, C, H / 4, W / 4)`, both channels last."""

    def __init__(self, stem: Stem, scale: Tensor) -> None:
        """`scale` brings the pictures' deviation to 1."""
        super().__init__()
        weight, bias = _folded(stem.conv, stem.norm)
        self.channels, self.taps = weight.shape[0], weight.shape[2]
        self.weight, self.bias = _by_tap(weight * scale[:, None, None, None], bias)

    def forward(self, pictures: Tensor) -> Tensor:
        y = F.conv2d(pictures, self.weight, self.bias, stride=2, padding=3)
        if self.taps > 1:
            y = _added_up(y, len(pictures), self.taps, self.channels)
        # ReLU after the maximum gives the same with a quarter of the work.
        return F.relu_(_maximum(_maximum(y, 2), 3))


class _Block(nn.Module):
    def __init__(self, block: Block) -> None:
        super().__init__()
        self.a = _Conv(block.conv_a, block.norm_a)
        self.b = _Conv(block.conv_b, block.norm_b)
        self.c = _Conv(block.conv_c, block.norm_c)
        self.projection: _Conv | None = None
        if block.projection is not None and block.projection_norm is not None:
            self.projection = _Conv(block.projection, block.projection_norm)

    def forward(self, x: Tensor, frames: int) -> Tensor:
        kept = x if self.projection is None else self.projection(x, frames)
        y = F.relu_(self.a(x, frames))
        y = F.relu_(self.b(y, frames))
        return F.relu_(self.c(y, frames).add_(kept))


class FoldedSlowFast(nn.Module):
    """`(N, T, 3, H, W)` uint8 pictures of size `crop_px` → `(N, classes)` logits. Built from a trained SlowFast.

    Fastest where colours lie together in memory, as they come from a camera.
    """

    def __init__(self, network: SlowFast, mean: tuple[float, ...], std: tuple[float, ...]) -> None:
        super().__init__()
        network = network.eval()
        scale = torch.tensor(std).mul(255).reciprocal()
        self.alpha = network.size.alpha
        self.slow_stem, self.fast_stem = _Stem(network.slow_stem, scale), _Stem(network.fast_stem, scale)
        self.laterals = nn.ModuleList(_Lateral(one.conv, one.norm) for one in _each(network.laterals, Lateral))
        self.slow_stages = nn.ModuleList(_stage(stage) for stage in _each(network.slow_stages, Stage))
        self.fast_stages = nn.ModuleList(_stage(stage) for stage in _each(network.fast_stages, Stage))
        self.head = network.head
        self.mean = _constant(torch.tensor(mean).mul(255))

    def forward(self, clips: Tensor) -> Tensor:
        return torch.cat([self._logits(some) for some in torch.split(clips, _AT_ONCE)])

    def _logits(self, clips: Tensor) -> Tensor:
        n, frames = clips.shape[:2]
        # One clip at a time: nothing is larger than what a stem's convolution gives.
        stems = [self._stems(clip) for clip in clips]
        slow, fast = (torch.cat(pathway) for pathway in zip(*stems, strict=True))
        for lateral, slow_stage, fast_stage in zip(self.laterals, self.slow_stages, self.fast_stages, strict=True):
            slow = torch.cat((slow, F.relu_(lateral(fast, frames))), dim=1)
            for block in cast(nn.ModuleList, slow_stage):
                slow = block(slow, frames // self.alpha)
            for block in cast(nn.ModuleList, fast_stage):
                fast = block(fast, frames)
        means = [window_mean(_by_clip(x, x.shape[0] // n).mean(dim=1)) for x in (slow, fast)]
        return cast(Tensor, self.head(torch.cat(means, dim=1)))

    def _stems(self, clip: Tensor) -> tuple[Tensor, Tensor]:
        pixels = clip.permute(0, 2, 3, 1).float()
        # Whole rows: three colours are too few to work on at once.
        rows = pixels.flatten(2) - self.mean.repeat(pixels.shape[2])
        pictures = rows.view(pixels.shape).permute(0, 3, 1, 2)
        return self.slow_stem(pictures[:: self.alpha]), self.fast_stem(pictures)


def _by_clip(x: Tensor, frames: int) -> Tensor:
    """`(N * T, …)` → `(N, T, …)`, the same memory."""
    return x.view(-1, frames, *x.shape[1:])


def _added_up(y: Tensor, frames: int, taps: int, channels: int) -> Tensor:
    """The second half of a temporal convolution: `(N * T, k * C, H, W)` → `(N * T, C, H, W)`, both channels last."""
    pixels = _by_clip(y.permute(0, 2, 3, 1), frames)
    parts = [pixels[..., tap * channels : (tap + 1) * channels] for tap in range(taps)]
    total = parts[taps // 2].contiguous()
    for ahead, part in enumerate(parts, start=-(taps // 2)):
        if ahead < 0:
            total[:, -ahead:] += part[:, :ahead]
        elif ahead > 0:
            total[:, :-ahead] += part[:, ahead:]
    return total.flatten(0, 1).permute(0, 3, 1, 2)


def _maximum(x: Tensor, dim: int) -> Tensor:
    """Of every second place and its two neighbours. torch's own maximum is slow for few channels."""
    before = (slice(None),) * dim
    largest, between = x[*before, ::2].clone(), x[*before, 1::2]
    for neighbour, first in ((between, 0), (between.narrow(dim, 0, largest.shape[dim] - 1), 1)):
        own = largest.narrow(dim, first, neighbour.shape[dim])
        torch.maximum(own, neighbour, out=own)
    return largest


def _by_tap(weight: Tensor, bias: Tensor) -> tuple[nn.Parameter, nn.Parameter]:
    """`(out, in, k, h, w)` as a 2-D convolution that gives what each of k pictures adds, oldest first."""
    out, taps = weight.shape[0], weight.shape[2]
    side, spare = taps // 2 * out, -taps * out % _LANES if taps > 1 else 0
    by_tap = F.pad(weight.permute(2, 0, 1, 3, 4).flatten(0, 1), (0, 0, 0, 0, 0, 0, 0, spare))
    return _kernel(by_tap), _constant(F.pad(bias, (side, side + spare)))


def _kernel(weight: Tensor) -> nn.Parameter:
    return _constant(weight.contiguous(memory_format=torch.channels_last))


def _constant(tensor: Tensor) -> nn.Parameter:
    return nn.Parameter(tensor.detach(), requires_grad=False)


def _folded(conv: nn.Conv3d, norm: nn.BatchNorm3d) -> tuple[nn.Parameter, nn.Parameter]:
    """Weight and bias of a convolution with its batch norm inside."""
    assert norm.running_var is not None
    assert norm.running_mean is not None
    scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    weight = conv.weight * scale[:, None, None, None, None]
    bias = norm.bias - norm.running_mean * scale
    return _constant(weight), _constant(bias)


def _stage(stage: Stage) -> nn.ModuleList:
    return nn.ModuleList(_Block(block) for block in _each(stage, Block))


def _each(modules: nn.Module, kind: type[M]) -> list[M]:
    return cast(list[M], list(cast(nn.Sequential, modules)))
