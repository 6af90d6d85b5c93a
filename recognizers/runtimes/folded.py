"""SlowFast rewritten for a CPU, with equal answers (1e-4).

torch runs small 3-D convolutions of few channels on a slow path of its own. Here batch norms are folded into the
convolutions, pictures are the batch, spatial convolutions are 2-D with channels last, and a k×1×1 convolution is a
1×1 one over k shifted pictures laid side by side in the channels. The stems stay 3-D: at full resolution, laying
pictures side by side costs more than it saves.
"""

from __future__ import annotations

from typing import TypeVar, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from recognizers.models.slowfast import SlowFast
from recognizers.nn.resnet3d import Block, Lateral, Stage, Stem, window_mean

M = TypeVar("M")


class _Conv(nn.Module):
    """A convolution and its batch norm as one 2-D convolution over shifted pictures.

    Takes and gives `(N * T, C, H, W)`; zero pictures beyond the clip's ends, as the 3-D convolution pads.
    """

    def __init__(self, conv: nn.Conv3d, norm: nn.BatchNorm3d) -> None:
        super().__init__()
        weight, self.bias = _folded(conv, norm)
        self.taps, self.step = conv.kernel_size[0], conv.stride[0]
        # (out, in, k, h, w) → (out, k * in, h, w): the taps lie side by side, oldest first.
        flat = weight.transpose(1, 2).flatten(1, 2)
        self.weight = nn.Parameter(flat.contiguous(memory_format=torch.channels_last), requires_grad=False)
        self.stride = conv.stride[1:]
        self.padding = cast(tuple[int, int], conv.padding)[1:]

    def forward(self, x: Tensor, frames: int) -> Tensor:
        return F.conv2d(self._shifted(x, frames), self.weight, self.bias, self.stride, self.padding)

    def _shifted(self, x: Tensor, frames: int) -> Tensor:
        if self.taps == 1 and self.step == 1:
            return x
        n, c, h, w = x.shape[0] // frames, *x.shape[1:]
        side = self.taps // 2
        # Channels last in memory, so that laying pictures side by side copies whole pixels.
        pixels = x.permute(0, 2, 3, 1).view(n, frames, h, w, c)
        padded = F.pad(pixels, (0, 0, 0, 0, 0, 0, side, side))
        kept = range(self.taps)
        taps = [padded[:, tap : tap + frames : self.step] for tap in kept]
        return torch.cat(taps, dim=-1).flatten(0, 1).permute(0, 3, 1, 2)


class _Stem(nn.Module):
    """`(N, 3, T, H, W)` → `(N * T, C, H / 4, W / 4)`, channels last."""

    def __init__(self, stem: Stem) -> None:
        super().__init__()
        self.weight, self.bias = _folded(stem.conv, stem.norm)
        self.stride, self.padding = stem.conv.stride, cast(tuple[int, int, int], stem.conv.padding)

    def forward(self, clips: Tensor) -> Tensor:
        y = F.conv3d(clips, self.weight, self.bias, self.stride, self.padding).transpose(1, 2).flatten(0, 1)
        # ReLU after the maximum gives the same with a quarter of the work.
        return F.relu_(F.max_pool2d(y.contiguous(memory_format=torch.channels_last), 3, 2, 1))


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
    """`(N, T, 3, H, W)` uint8 pictures of size `crop_px` → `(N, classes)` logits. Built from a trained SlowFast."""

    def __init__(self, network: SlowFast, mean: tuple[float, ...], std: tuple[float, ...]) -> None:
        super().__init__()
        network = network.eval()
        self.alpha = network.size.alpha
        self.slow_stem, self.fast_stem = _Stem(network.slow_stem), _Stem(network.fast_stem)
        self.laterals = nn.ModuleList(_Conv(one.conv, one.norm) for one in _each(network.laterals, Lateral))
        self.slow_stages = nn.ModuleList(_stage(stage) for stage in _each(network.slow_stages, Stage))
        self.fast_stages = nn.ModuleList(_stage(stage) for stage in _each(network.fast_stages, Stage))
        self.head = network.head
        self.offset = nn.Parameter(torch.tensor(mean).mul(255)[:, None, None, None], requires_grad=False)
        self.scale = nn.Parameter(torch.tensor(std).mul(255).reciprocal()[:, None, None, None], requires_grad=False)

    def forward(self, clips: Tensor) -> Tensor:
        n, frames = clips.shape[:2]
        slow_frames = frames // self.alpha
        pictures = clips.transpose(1, 2).float().sub_(self.offset).mul_(self.scale)
        slow, fast = self.slow_stem(pictures[:, :, :: self.alpha]), self.fast_stem(pictures)
        for lateral, slow_stage, fast_stage in zip(self.laterals, self.slow_stages, self.fast_stages, strict=True):
            slow = torch.cat((slow, F.relu_(lateral(fast, frames))), dim=1)
            for block in cast(nn.ModuleList, slow_stage):
                slow = block(slow, slow_frames)
            for block in cast(nn.ModuleList, fast_stage):
                fast = block(fast, frames)
        means = [window_mean(x.unflatten(0, (n, -1)).mean(dim=1)) for x in (slow, fast)]
        return cast(Tensor, self.head(torch.cat(means, dim=1)))


def _folded(conv: nn.Conv3d, norm: nn.BatchNorm3d) -> tuple[nn.Parameter, nn.Parameter]:
    """Weight and bias of a convolution with its batch norm inside."""
    assert norm.running_var is not None
    assert norm.running_mean is not None
    scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    weight = conv.weight * scale[:, None, None, None, None]
    bias = norm.bias - norm.running_mean * scale
    return nn.Parameter(weight.detach(), requires_grad=False), nn.Parameter(bias.detach(), requires_grad=False)


def _stage(stage: Stage) -> nn.ModuleList:
    return nn.ModuleList(_Block(block) for block in _each(stage, Block))


def _each(modules: nn.Module, kind: type[M]) -> list[M]:
    return cast(list[M], list(cast(nn.Sequential, modules)))
