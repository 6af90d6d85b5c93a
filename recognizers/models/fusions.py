"""Where what is seen and how it moves become one: in the first convolution (early), step by step along the way (slow),
after the last convolution (conv), or in the scores (late).

Early and slow: Karpathy et al., CVPR 2014. Conv: Feichtenhofer et al., CVPR 2016. Late: Simonyan and Zisserman,
NeurIPS 2014. Each has a part that looks at single pictures and one that decides, so that pictures which clips share
are looked at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from recognizers.models.backbones import backbone_of
from recognizers.models.streams import Beside, FlowStream, Pooled, RecurrentStream, TwoStreamSize
from recognizers.nn.resnet2d import Block, ResNet2d
from recognizers.nn.steps import mean_of_steps, weighted_mean

SLOW = ((4, 2), (2, 2), (2, 1))
"""Temporal extent and stride of slow fusion's first three layers: 10 steps become 4, 2 and 1."""


class Fusion(Protocol):
    """How two streams become one answer; a module."""

    look: nn.Module
    """Single pictures `(M, 3, H, W)` → `(M, …)` what is to be known of them."""

    def decide(self, looked: Tensor, fields: Tensor) -> Tensor:
        """What is known of T pictures, `(N, T, …)`, and T - 1 flow fields, `(N, T - 1, C, H, W)` in [-1, 1] →
        `(N, classes)` logits."""
        ...


class Early(nn.Module):
    """One network whose first convolution sees every picture and every field, the fields at the deviation of pictures:
    most places stand still, and what moves would be lost beside what is there."""

    def __init__(self, size: TwoStreamSize, channels: int, classes: int) -> None:
        super().__init__()
        self.look: nn.Module = nn.Identity()
        self.norm = nn.BatchNorm2d(channels)
        self.network = ResNet2d(3 * size.frames + channels * size.steps, size.width, size.depths)
        self.dropout = nn.Dropout(size.dropout)
        self.head = nn.Linear(self.network.channels, classes)

    def decide(self, looked: Tensor, fields: Tensor) -> Tensor:
        fields = _each(self.norm, fields)
        maps = self.network(torch.cat((looked.flatten(1, 2), fields.flatten(1, 2)), dim=1))
        return cast(Tensor, self.head(self.dropout(maps.mean(dim=(2, 3)))))


class Slow(nn.Module):
    """One network whose first three layers see ever more steps; a step is a field and the picture at its end, both of
    one deviation.

    Convolutions over time and place are 2-D ones over stacked steps: the same numbers, and several times as fast on a
    CPU.
    """

    def __init__(self, size: TwoStreamSize, channels: int, classes: int) -> None:
        super().__init__()
        self.look: nn.Module = nn.Identity()
        self.norm = nn.BatchNorm2d(channels)
        (extent, _), *more = SLOW
        self.first = ResNet2d(extent * (3 + channels), size.width, size.depths[:1])
        self.more = nn.ModuleList()
        c_in = self.first.channels
        for depth, (extent, _) in zip(size.depths[1:], [*more, *[(1, 1)] * len(size.depths)], strict=False):
            c_out = 2 * c_in
            blocks = [Block(extent * c_in if n == 0 else c_out, c_out, 2 if n == 0 else 1) for n in range(depth)]
            self.more.append(nn.Sequential(*blocks))
            c_in = c_out
        self.dropout = nn.Dropout(size.dropout)
        self.head = nn.Linear(c_in, classes)

    def decide(self, looked: Tensor, fields: Tensor) -> Tensor:
        fields = _each(self.norm, fields)
        seen = _each(self.first, stacked(torch.cat((looked[:, 1:], fields), dim=2), *SLOW[0]))
        for number, stage in enumerate(self.more, start=1):
            seen = _each(stage, stacked(seen, *SLOW[number]) if number < len(SLOW) else seen)
        return cast(Tensor, self.head(self.dropout(seen.mean(dim=(1, 3, 4)))))


class Late(nn.Module):
    """Two networks that know nothing of each other; the weighted mean of their scores."""

    def __init__(self, size: TwoStreamSize, channels: int, classes: int) -> None:
        super().__init__()
        spatial, self.temporal, own = _streams(size, channels)
        self.look: nn.Module = nn.Sequential(Beside(*own), Pooled())
        self.channels, self.weights = spatial, size.weights
        self.dropout = nn.Dropout(size.dropout)
        self.spatial_head = nn.Linear(spatial, classes)
        self.temporal_head = nn.Linear(self.temporal.channels, classes)

    def decide(self, looked: Tensor, fields: Tensor) -> Tensor:
        features = looked[:, :, : self.channels].mean(dim=(3, 4))
        moved = self.temporal(looked[:, :, self.channels :], fields).mean(dim=(2, 3))
        spatial = mean_of_steps(self.spatial_head(self.dropout(features)))
        return weighted_mean((spatial, self.temporal_head(self.dropout(moved))), self.weights)


class Conv(nn.Module):
    """Two networks up to their last maps, which are stacked and mixed at each place by a 1×1×1 convolution; pooled over
    places and pictures. The temporal network also answers alone: the weighted mean of both scores.
    """

    def __init__(self, size: TwoStreamSize, channels: int, classes: int) -> None:
        super().__init__()
        spatial, self.temporal, own = _streams(size, channels)
        self.look: nn.Module = Beside(*own)
        self.channels, self.weights = spatial, size.weights
        self.mix = nn.Conv2d(spatial + self.temporal.channels, spatial, 1)
        self.dropout = nn.Dropout(size.dropout)
        self.fused_head = nn.Linear(spatial, classes)
        self.temporal_head = nn.Linear(self.temporal.channels, classes)

    def decide(self, looked: Tensor, fields: Tensor) -> Tensor:
        maps = looked[:, :, : self.channels]
        moved = self.temporal(looked[:, :, self.channels :], fields)
        beside = moved[:, None].expand(-1, maps.shape[1], -1, *maps.shape[3:])
        mixed = F.relu(_each(self.mix, torch.cat((maps, beside), dim=2))).mean(dim=(1, 3, 4))
        fused = self.fused_head(self.dropout(mixed))
        return weighted_mean((fused, self.temporal_head(self.dropout(moved.mean(dim=(2, 3))))), self.weights)


FUSIONS: Mapping[str, type[Early | Slow | Late | Conv]] = {"early": Early, "late": Late, "slow": Slow, "conv": Conv}


def stacked(steps: Tensor, extent: int, stride: int) -> Tensor:
    """`(N, T, C, H, W)` → `(N, T', extent · C, H, W)`: at every `stride`-th step it and the `extent - 1` after it."""
    windows = steps.unfold(1, extent, stride)  # (N, T', C, H, W, extent)
    return windows.permute(0, 1, 5, 2, 3, 4).flatten(2, 3)


def _each(network: nn.Module, steps: Tensor) -> Tensor:
    """A network over pictures at every step of `(N, T, C, H, W)`."""
    seen: Tensor = network(steps.flatten(0, 1))
    return seen.view(*steps.shape[:2], *seen.shape[1:])


def _streams(size: TwoStreamSize, channels: int) -> tuple[int, FlowStream | RecurrentStream, list[nn.Module]]:
    """Channels of the spatial network, the temporal one, and what looks at single pictures for them."""
    spatial = backbone_of(size)
    if size.temporal == "flow":
        return spatial.channels, FlowStream(size, channels), [spatial]
    own = backbone_of(size)
    return spatial.channels, RecurrentStream(size, own.channels), [spatial, own]
