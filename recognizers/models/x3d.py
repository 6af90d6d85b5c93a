"""X3D (Feichtenhofer, CVPR 2020): a residual network grown step by step along time, size, width and depth.

Channels of the middle convolution are looked at one by one (depthwise, 3×3×3); every second block weighs them by what
the whole clip shows (squeeze and excitation).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, cast

from torch import Tensor, nn
from torch.nn import functional as F

from recognizers.nn.numbers import check_counts, check_dropout, check_stages

_SHARE = 1 / 16
"""Of channels, those that excitation is squeezed to."""


@dataclass(frozen=True, slots=True)
class X3dSize:
    """The numbers that make an X3D network."""

    frames: int
    """Pictures of a clip (T)."""
    width: int = 24
    """Channels of the stem and of the first stage; each stage has twice those of the one before."""
    depths: tuple[int, int, int, int] = (3, 5, 11, 7)
    """Blocks of each stage."""
    widening: float = 2.25
    """Channels inside a block per channel outside."""
    head: int = 2048
    """Numbers that the classes are told from."""
    dropout: float = 0.5

    def __post_init__(self) -> None:
        check_stages(self, "depths")
        check_counts(self, "frames", "width", "depths", "head", "widening")
        check_dropout(self)


class Excitation(nn.Module):
    """Weighs each channel of a clip by what all of them show together (Hu et al., CVPR 2018)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        squeezed = _rounded(channels * _SHARE)
        self.squeeze = nn.Conv3d(channels, squeezed, 1)
        self.excite = nn.Conv3d(squeezed, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        seen = x.mean(dim=(2, 3, 4), keepdim=True)
        return cast(Tensor, x * self.excite(F.relu(self.squeeze(seen))).sigmoid())


class X3dBlock(nn.Module):
    """1×1×1 to more channels, 3×3×3 of each alone (with the stride in space), 1×1×1 back."""

    def __init__(self, c_in: int, c_mid: int, c_out: int, stride: int, excited: bool) -> None:
        super().__init__()
        self.conv_a, self.norm_a = nn.Conv3d(c_in, c_mid, 1, bias=False), nn.BatchNorm3d(c_mid)
        self.conv_b = nn.Conv3d(c_mid, c_mid, 3, (1, stride, stride), 1, groups=c_mid, bias=False)
        self.norm_b = nn.BatchNorm3d(c_mid)
        self.excitation = Excitation(c_mid) if excited else nn.Identity()
        self.conv_c, self.norm_c = nn.Conv3d(c_mid, c_out, 1, bias=False), nn.BatchNorm3d(c_out)
        nn.init.zeros_(self.norm_c.weight)
        self.projection: nn.Module = nn.Identity()
        self.projection_norm: nn.Module = nn.Identity()
        if c_in != c_out or stride != 1:
            self.projection = nn.Conv3d(c_in, c_out, 1, (1, stride, stride), bias=False)
        if c_in != c_out:
            self.projection_norm = nn.BatchNorm3d(c_out)

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.norm_a(self.conv_a(x)))
        y = F.silu(self.excitation(self.norm_b(self.conv_b(y))))
        return F.relu(self.projection_norm(self.projection(x)) + self.norm_c(self.conv_c(y)))


class X3d(nn.Module):
    """Clips to logits: `(N, 3, T, H, W)` float, normalised → `(N, classes)`."""

    DECIDING: ClassVar[tuple[str, ...]] = ("dropout", "head")

    def __init__(self, size: X3dSize, classes: int) -> None:
        super().__init__()
        self.size = size
        channels = size.width
        self.stem_space = nn.Conv3d(3, channels, (1, 3, 3), (1, 2, 2), (0, 1, 1), bias=False)
        self.stem_time = nn.Conv3d(channels, channels, (5, 1, 1), 1, (2, 0, 0), groups=channels, bias=False)
        self.stem_norm = nn.BatchNorm3d(channels)
        self.stages = nn.ModuleList()
        for stage, depth in enumerate(size.depths):
            c_out = size.width * 2**stage
            inner = int(size.widening * c_out)
            blocks = []
            for block in range(depth):
                blocks.append(X3dBlock(channels, inner, c_out, 1 if block else 2, excited=block % 2 == 0))
                channels = c_out
            self.stages.append(nn.Sequential(*blocks))
        self.pre, self.pre_norm = nn.Conv3d(channels, inner, 1, bias=False), nn.BatchNorm3d(inner)
        self.post = nn.Conv3d(inner, size.head, 1, bias=False)
        self.dropout = nn.Dropout(size.dropout)
        self.head = nn.Linear(size.head, classes)
        nn.init.normal_(self.head.weight, std=0.01)
        nn.init.zeros_(self.head.bias)

    def forward(self, clips: Tensor) -> Tensor:
        return self.decide(self.look(clips))

    def look(self, inputs: Tensor) -> Tensor:
        """Clips to what is seen of them, `(N, F)`."""
        x = F.relu(self.stem_norm(self.stem_time(self.stem_space(inputs))))
        for stage in self.stages:
            x = stage(x)
        x = F.relu(self.pre_norm(self.pre(x))).mean(dim=(2, 3, 4), keepdim=True)
        return F.relu(self.post(x)).flatten(1)

    def decide(self, features: Tensor) -> Tensor:
        return cast(Tensor, self.head(self.dropout(features)))


def _rounded(channels: float) -> int:
    """The nearest multiple of 8, at least 8, and not a tenth less than asked for."""
    whole = max(8, int(channels + 4) // 8 * 8)
    return whole if whole >= 0.9 * channels else whole + 8


def x3d_xs() -> X3dSize:
    """3.79 M parameters with 400 classes, 0.60 GMAC at 160x160."""
    return X3dSize(frames=4)


def x3d_s() -> X3dSize:
    """3.79 M parameters with 400 classes, 1.96 GMAC at 160x160."""
    return X3dSize(frames=13)


def x3d_m() -> X3dSize:
    """3.79 M parameters with 400 classes, 4.73 GMAC at 224x224."""
    return X3dSize(frames=16)


def x3d_small() -> X3dSize:
    """For two CPU cores and for training from scratch."""
    return X3dSize(frames=16, depths=(1, 2, 3, 2), head=512)


SIZES = {"small": x3d_small, "xs": x3d_xs, "s": x3d_s, "m": x3d_m}
"""All that can be trained, by name."""
