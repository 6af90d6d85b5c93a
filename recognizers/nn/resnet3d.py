"""Residual stages over `(N, C, T, H, W)`, as SlowFast's pathways and their relatives use them."""

from __future__ import annotations

from typing import TypeVar, cast

from torch import Tensor, nn
from torch.nn import functional as F

M = TypeVar("M")


class CausalConv3d(nn.Conv3d):
    """A convolution that sees no later picture: what is missing in time is padded on the left alone."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(F.pad(x, (0, 0, 0, 0, back(self), 0)))


def conv(
    c_in: int,
    c_out: int,
    kernel: tuple[int, int, int],
    stride: tuple[int, int, int] = (1, 1, 1),
    causal: bool = False,
    dilation: int = 1,
) -> nn.Conv3d:
    """A convolution that keeps the size where its stride is 1. `dilation`: pixels between neighbours of its kernel."""
    time, height, width = kernel[0] // 2, kernel[1] // 2 * dilation, kernel[2] // 2 * dilation
    apart = (1, dilation, dilation)
    if causal and kernel[0] > 1:
        return CausalConv3d(c_in, c_out, kernel, stride, (0, height, width), apart, bias=False)
    return nn.Conv3d(c_in, c_out, kernel, stride, (time, height, width), apart, bias=False)


def back(conv: nn.Conv3d) -> int:
    """How many pictures before its own each answer of a convolution sees; the others of its kernel come later."""
    taps = conv.kernel_size[0]
    return taps - 1 if isinstance(conv, CausalConv3d) or (isinstance(conv, StemConv) and conv.causal) else taps // 2


def window_mean(x: Tensor) -> Tensor:
    """`(N, C, H, W)` → `(N, C)`: the mean of all 7×7 windows.

    Up to 224 pixels (7×7 after res5) that is the mean of everything; beyond, the middle counts more, as it does in the
    reference implementations, whose heads look at each window and average.
    """
    height, width = (int(side) for side in x.shape[2:])  # plain numbers also where the network is traced
    return F.avg_pool2d(x, (min(7, height), min(7, width)), stride=1).mean(dim=(2, 3))


class StemConv(nn.Conv3d):
    """k×7×7 of spatial stride 2 over pictures; on a CPU as one 2-D convolution whose taps are added up.

    torch's own takes three times as long where channels are few: 51 ms a clip of 16 96×96 pictures, forward and
    backward, against 15 ms for the fast stem of the small network (one thread).
    """

    def __init__(self, channels: int, kernel: int, colours: int, causal: bool) -> None:
        super().__init__(colours, channels, (kernel, 7, 7), (1, 2, 2), (0, 3, 3), bias=False)
        self.causal = causal

    def forward(self, clips: Tensor) -> Tensor:
        before = back(self)
        if clips.device.type != "cpu":
            return super().forward(F.pad(clips, (0, 0, 0, 0, before, self.kernel_size[0] - 1 - before)))
        y = stem_conv(clips, self.weight, before)
        # There is none before a batch norm is folded into it.
        return y if self.bias is None else y + self.bias[:, None, None, None]


def stem_conv(clips: Tensor, weight: Tensor, before: int) -> Tensor:
    """`(N, 3, T, H, W)` with `(C, 3, k, 7, 7)` → `(N, C, T, H / 2, W / 2)`: every tap's answer is an output of its
    own, moved in time and added. `before`: taps that look back."""
    n, _, frames = clips.shape[:3]
    c_out, _, taps = weight.shape[:3]
    flat = weight.permute(2, 0, 1, 3, 4).flatten(0, 1)
    y = F.conv2d(clips.transpose(1, 2).flatten(0, 1), flat, None, 2, 3)
    by_tap = y.view(n, frames, taps, c_out, *y.shape[2:]).unbind(2)
    total = by_tap[before]
    for later in range(1, min(taps - 1 - before, frames - 1) + 1):
        total = total + F.pad(by_tap[before + later][:, later:], (0, 0, 0, 0, 0, 0, 0, later))
    for earlier in range(1, min(before, frames - 1) + 1):
        total = total + F.pad(by_tap[before - earlier][:, :-earlier], (0, 0, 0, 0, 0, 0, earlier, 0))
    return total.transpose(1, 2)


class Stem(nn.Module):
    """k×7×7 convolution and 1×3×3 maximum, each of spatial stride 2: pictures to a quarter of their size."""

    def __init__(self, channels: int, kernel: int, colours: int = 3, causal: bool = False) -> None:
        super().__init__()
        self.conv = StemConv(channels, kernel, colours, causal)
        self.norm = nn.BatchNorm3d(channels)
        self.pool = nn.MaxPool3d((1, 3, 3), (1, 2, 2), (0, 1, 1))

    def forward(self, clips: Tensor) -> Tensor:
        return cast(Tensor, self.pool(F.relu(self.norm(self.conv(clips)))))


class Lateral(nn.Module):
    """Fast features at the slow pathway's rate: k×1×1 convolution of temporal stride alpha."""

    def __init__(self, c_in: int, c_out: int, kernel: int, alpha: int, causal: bool = False) -> None:
        super().__init__()
        self.conv = conv(c_in, c_out, (kernel, 1, 1), (alpha, 1, 1), causal)
        self.norm = nn.BatchNorm3d(c_out)

    def forward(self, fast: Tensor) -> Tensor:
        return F.relu(self.norm(self.conv(fast)))


class Block(nn.Module):
    """Bottleneck: k×1×1, 1×3×3 (with the spatial stride and dilation), 1×1×1 to four times the channels."""

    def __init__(
        self, c_in: int, c_mid: int, kernel: int, stride: int, causal: bool = False, dilation: int = 1
    ) -> None:
        super().__init__()
        c_out = 4 * c_mid
        self.conv_a, self.norm_a = conv(c_in, c_mid, (kernel, 1, 1), causal=causal), nn.BatchNorm3d(c_mid)
        self.conv_b, self.norm_b = (
            conv(c_mid, c_mid, (1, 3, 3), (1, stride, stride), dilation=dilation),
            nn.BatchNorm3d(c_mid),
        )
        self.conv_c, self.norm_c = conv(c_mid, c_out, (1, 1, 1)), nn.BatchNorm3d(c_out)
        # Zero: a block begins as the identity (Goyal et al. 2017).
        nn.init.zeros_(self.norm_c.weight)
        self.projection: nn.Conv3d | None = None
        self.projection_norm: nn.BatchNorm3d | None = None
        if c_in != c_out or stride != 1:
            self.projection = conv(c_in, c_out, (1, 1, 1), (1, stride, stride))
            self.projection_norm = nn.BatchNorm3d(c_out)

    def forward(self, x: Tensor) -> Tensor:
        kept = x
        if self.projection is not None and self.projection_norm is not None:
            kept = self.projection_norm(self.projection(x))
        y = F.relu(self.norm_a(self.conv_a(x)))
        y = F.relu(self.norm_b(self.conv_b(y)))
        return F.relu(kept + self.norm_c(self.conv_c(y)))


class Stage(nn.Sequential):
    """`depth` blocks; the first carries the stride and the change of channels."""

    def __init__(
        self, depth: int, c_in: int, c_mid: int, kernel: int, stride: int, causal: bool = False, dilation: int = 1
    ) -> None:
        blocks = [Block(c_in, c_mid, kernel, stride, causal, dilation)]
        blocks += [Block(4 * c_mid, c_mid, kernel, 1, causal, dilation) for _ in range(depth - 1)]
        super().__init__(*blocks)


def each(modules: nn.Module, kind: type[M]) -> list[M]:
    """The members of a sequence or list of modules, all of one kind."""
    return cast(list[M], list(cast(nn.Sequential, modules)))
