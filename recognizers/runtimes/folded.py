"""SlowFast rewritten for a CPU, with equal answers (1e-4).

torch runs small 3-D convolutions of few channels on a slow path of its own. Here pictures are the batch, convolutions
are 2-D with channels last, and batch norms are folded into them. A temporal kernel becomes as many output channels of
one convolution, added up over neighbouring pictures afterwards: that moves less memory than laying neighbours side by
side in front of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from recognizers.clip import Clip, Picture, Region
from recognizers.models.slowfast import SlowFast
from recognizers.nn.pictureconv import constant
from recognizers.nn.resnet3d import Block, Lateral, Stage, back, each, window_mean
from recognizers.recognizer import State
from recognizers.runtimes.folding import folded, kernel
from recognizers.runtimes.stem import FoldedStem, Seen

_AT_ONCE = 4
"""Clips: what more of them hand from layer to layer no longer fits the cache."""


class _Conv(nn.Module):
    """A convolution and its batch norm as one 2-D convolution; takes and gives `(N * T, C, H, W)`, channels last."""

    def __init__(self, conv: nn.Conv3d, norm: nn.BatchNorm3d) -> None:
        super().__init__()
        weight, bias = folded(conv, norm)
        self.channels, self.taps, self.back = weight.shape[0], weight.shape[2], back(conv)
        # (out, in, k, h, w) → (k * out, in, h, w), oldest tap first; the picture's own carries the bias.
        older, later = self.back * self.channels, (self.taps - 1 - self.back) * self.channels
        self.weight = kernel(weight.permute(2, 0, 1, 3, 4).flatten(0, 1))
        self.bias = constant(F.pad(bias, (older, later)))
        self.stride, self.padding = conv.stride[1:], cast(tuple[int, int], conv.padding)[1:]
        self.dilation = conv.dilation[1:]

    def forward(self, x: Tensor, frames: int) -> Tensor:
        y = F.conv2d(x, self.weight, self.bias, self.stride, self.padding, self.dilation)
        return y if self.taps == 1 else _added_up(y, frames, self.back, self.channels)


class _Lateral(nn.Module):
    """A k×1×1 convolution of temporal stride. Neighbours are laid side by side here, since most are left out."""

    def __init__(self, conv: nn.Conv3d, norm: nn.BatchNorm3d) -> None:
        super().__init__()
        weight, self.bias = folded(conv, norm)
        self.taps, self.back, self.step = weight.shape[2], back(conv), conv.stride[0]
        self.weight = kernel(weight.transpose(1, 2).flatten(1, 2))

    def forward(self, x: Tensor, frames: int) -> Tensor:
        pixels = _by_clip(x.permute(0, 2, 3, 1), frames)
        n, _, h, w, c = pixels.shape
        beside = pixels.new_zeros(n, frames // self.step, h, w, self.taps, c)
        for tap in range(self.taps):
            ahead = tap - self.back
            first = max(0, -(ahead // self.step))
            there = pixels[:, first * self.step + ahead :: self.step][:, : frames // self.step - first]
            beside[:, first : first + there.shape[1], :, :, tap] = there
        return F.conv2d(beside.flatten(-2).flatten(0, 1).permute(0, 3, 1, 2), self.weight, self.bias)


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


Stems = tuple[Tensor, Tensor]
"""What slow and fast stem say of a clip, `(T, C, H / 4, W / 4)` each."""

ByClip = Callable[[Tensor, Tensor], Tensor]
"""The stems of one clip to its logits, `(1, C)`."""

StemsSeen = tuple[tuple[Seen, ...], tuple[Seen, ...]]
"""What slow and fast stem have seen that a watch's next clip may show again."""
NOTHING_SEEN: StemsSeen = ((), ())


@dataclass(frozen=True, slots=True)
class Looked:
    """What a clip leaves for the next of the same watch."""

    region: Region
    seen: StemsSeen


class FoldedSlowFast(nn.Module):
    """`(N, T, 3, H, W)` uint8 pictures of size `crop_px` → `(N, classes)` logits. Built from a trained SlowFast."""

    def __init__(self, network: SlowFast, mean: tuple[float, ...], std: tuple[float, ...]) -> None:
        super().__init__()
        network = network.eval()
        self.by_clip: ByClip | None = None
        """Another runtime for what follows the stems; torch where there is none."""
        self.alpha = network.size.alpha
        self.slow_stem = FoldedStem(network.slow_stem, mean, std)
        self.fast_stem = FoldedStem(network.fast_stem, mean, std)
        self.laterals = nn.ModuleList(_Lateral(one.conv, one.norm) for one in each(network.laterals, Lateral))
        self.slow_stages = nn.ModuleList(_stage(stage) for stage in each(network.slow_stages, Stage))
        self.fast_stages = nn.ModuleList(_stage(stage) for stage in each(network.fast_stages, Stage))
        self.head = network.head

    def forward(self, clips: Tensor) -> Tensor:
        return self.decide([(self.slow_stem(clip[:: self.alpha]), self.fast_stem(clip)) for clip in clips])

    def follow(self, pictures: Tensor, clip: Clip, state: State | None, hop: int) -> tuple[Stems, Looked]:
        """The stems of a watch's next clip, `(T, 3, H, W)` uint8, and what to hand in with the one after."""
        seen = state.seen if isinstance(state, Looked) and state.region == clip.region else NOTHING_SEEN
        stems, seen = self.look(pictures, clip.pictures, seen, hop)
        return stems, Looked(clip.region, seen)

    def look(self, clip: Tensor, shown: Sequence[Picture], seen: StemsSeen, hop: int) -> tuple[Stems, StemsSeen]:
        """The stems of one clip, and what to hand in with the next. See `FoldedStem.of_clip`."""
        fast, fast_seen = self.fast_stem.of_clip(clip, shown, seen[1], hop)
        if hop % self.alpha:  # the next clip's slow pictures are others
            return (self.slow_stem(clip[:: self.alpha]), fast), ((), fast_seen)
        slow, slow_seen = self.slow_stem.of_clip(clip[:: self.alpha], shown[:: self.alpha], seen[0], hop // self.alpha)
        return (slow, fast), (slow_seen, fast_seen)

    def decide(self, stems: Sequence[Stems]) -> Tensor:
        """The logits of clips whose stems are there."""
        if self.by_clip is not None:
            return torch.cat([self.by_clip(slow, fast) for slow, fast in stems])
        return torch.cat([self._logits(stems[first : first + _AT_ONCE]) for first in range(0, len(stems), _AT_ONCE)])

    def _logits(self, stems: Sequence[Stems]) -> Tensor:
        return cast(Tensor, self.head(torch.cat([window_mean(pathway) for pathway in self.maps(stems)], dim=1)))

    def maps(self, stems: Sequence[Stems]) -> tuple[Tensor, Tensor]:
        """As `SlowFast.maps`: the mean over time of either pathway, `(N, C, h, w)`."""
        n, frames = len(stems), len(stems[0][1])
        slow, fast = (torch.cat(pathway) for pathway in zip(*stems, strict=True))
        for lateral, slow_stage, fast_stage in zip(self.laterals, self.slow_stages, self.fast_stages, strict=True):
            slow = torch.cat((slow, F.relu_(lateral(fast, frames))), dim=1)
            for block in cast(nn.ModuleList, slow_stage):
                slow = block(slow, frames // self.alpha)
            for block in cast(nn.ModuleList, fast_stage):
                fast = block(fast, frames)
        return _by_clip(slow, len(slow) // n).mean(dim=1), _by_clip(fast, len(fast) // n).mean(dim=1)


def _by_clip(x: Tensor, frames: int) -> Tensor:
    """`(N * T, …)` → `(N, T, …)`, the same memory."""
    return x.view(-1, frames, *x.shape[1:])


def _added_up(y: Tensor, frames: int, before: int, channels: int) -> Tensor:
    """The second half of a temporal convolution: `(N * T, k * C, H, W)` → `(N * T, C, H, W)`, both channels last.
    `before`: taps that look back."""
    pixels = _by_clip(y.permute(0, 2, 3, 1), frames)
    parts = torch.split(pixels, channels, dim=-1)
    total = parts[before].contiguous()
    for ahead, part in enumerate(parts, start=-before):
        if ahead < 0:
            total[:, -ahead:] += part[:, :ahead]
        elif ahead > 0:
            total[:, :-ahead] += part[:, ahead:]
    return total.flatten(0, 1).permute(0, 3, 1, 2)


def _stage(stage: Stage) -> nn.ModuleList:
    return nn.ModuleList(_Block(block) for block in each(stage, Block))
