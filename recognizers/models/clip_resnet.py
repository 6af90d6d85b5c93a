"""Residual networks of one pathway over clips: `slow_only` (SlowFast's slow pathway alone), `i3d` (ResNet-50 inflated,
Carreira and Zisserman, CVPR 2017; Wang et al., CVPR 2018) and `c2d` (the same without temporal kernels).

They differ in their temporal kernels, and in whether neighbouring pictures are joined after res2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, cast

from torch import Tensor, nn

from recognizers.nn.numbers import check_counts, check_dropout, check_kernels, check_stages
from recognizers.nn.resnet3d import Block, Stem, window_mean


@dataclass(frozen=True, slots=True)
class ClipResNetSize:
    """The numbers that make such a network."""

    frames: int
    """Pictures of a clip (T)."""
    width: int = 64
    """Channels of the stem."""
    depths: tuple[int, int, int, int] = (3, 4, 6, 3)
    """Blocks of res2 to res5; (3, 4, 6, 3) is ResNet-50."""
    stem_kernel: int = 1
    """Temporal extent."""
    kernels: tuple[int, int, int, int] = (1, 1, 3, 3)
    """Temporal extent of the first, third, … block of each stage."""
    other_kernels: tuple[int, int, int, int] = (1, 1, 3, 3)
    """Of the second, fourth, … block."""
    joined: bool = False
    """Whether of every two pictures the larger answer is kept after res2."""
    dropout: float = 0.5

    def __post_init__(self) -> None:
        check_stages(self, "depths", "kernels", "other_kernels")
        check_counts(self, "frames", "width", "depths")
        check_kernels(self, "stem_kernel", "kernels", "other_kernels")
        check_dropout(self)
        if self.joined and self.frames % 2:
            raise ValueError(f"frames ({self.frames}) must be even where two pictures are joined")


class ClipResNet(nn.Module):
    """Clips to logits: `(N, 3, T, H, W)` float, normalised → `(N, classes)`."""

    DECIDING: ClassVar[tuple[str, ...]] = ("dropout", "head")

    def __init__(self, size: ClipResNetSize, classes: int) -> None:
        super().__init__()
        self.size = size
        self.stem = Stem(size.width, size.stem_kernel)
        self.stages = nn.ModuleList()
        channels = size.width
        for stage, depth in enumerate(size.depths):
            inner, stride = size.width * 2**stage, 1 if stage == 0 else 2
            blocks = []
            for block in range(depth):
                kernels = size.other_kernels if block % 2 else size.kernels
                blocks.append(Block(channels, inner, kernels[stage], 1 if block else stride))
                channels = 4 * inner
            self.stages.append(nn.Sequential(*blocks))
        self.join = nn.MaxPool3d((2, 1, 1)) if size.joined else nn.Identity()
        self.dropout = nn.Dropout(size.dropout)
        self.head = nn.Linear(channels, classes)
        nn.init.normal_(self.head.weight, std=0.01)
        nn.init.zeros_(self.head.bias)

    def forward(self, clips: Tensor) -> Tensor:
        return self.decide(self.look(clips))

    def look(self, inputs: Tensor) -> Tensor:
        """Clips to what is seen of them, `(N, F)`."""
        x = self.join(self.stages[0](self.stem(inputs)))
        for stage in self.stages[1:]:
            x = stage(x)
        return window_mean(x.mean(dim=2))

    def decide(self, features: Tensor) -> Tensor:
        return cast(Tensor, self.head(self.dropout(features)))


def slow_only_r50_4x16() -> ClipResNetSize:
    """32.45 M parameters with 400 classes, 27.3 GMAC at 256x256."""
    return ClipResNetSize(frames=4)


def slow_only_r50_8x8() -> ClipResNetSize:
    """32.45 M parameters with 400 classes, 54.5 GMAC at 256x256."""
    return ClipResNetSize(frames=8)


def c2d_r50_8x8() -> ClipResNetSize:
    """24.33 M parameters with 400 classes, 25.9 GMAC at 256x256."""
    return ClipResNetSize(frames=8, kernels=(1, 1, 1, 1), other_kernels=(1, 1, 1, 1), joined=True)


def i3d_r50_8x8() -> ClipResNetSize:
    """28.04 M parameters with 400 classes, 37.5 GMAC at 256x256."""
    return ClipResNetSize(frames=8, stem_kernel=5, kernels=(3, 3, 3, 1), other_kernels=(3, 1, 1, 3), joined=True)


def slow_only_small() -> ClipResNetSize:
    """For two CPU cores and for training from scratch."""
    return ClipResNetSize(frames=8, width=16, depths=(1, 1, 1, 1))


def c2d_small() -> ClipResNetSize:
    """For two CPU cores and for training from scratch."""
    return ClipResNetSize(
        frames=8, width=16, depths=(1, 1, 1, 1), kernels=(1, 1, 1, 1), other_kernels=(1, 1, 1, 1), joined=True
    )


def i3d_small() -> ClipResNetSize:
    """For two CPU cores and for training from scratch."""
    return ClipResNetSize(frames=16, width=16, depths=(1, 1, 1, 1), stem_kernel=5, kernels=(3, 3, 3, 3), joined=True)


SLOW_ONLY = {"small": slow_only_small, "r50_4x16": slow_only_r50_4x16, "r50_8x8": slow_only_r50_8x8}
C2D = {"small": c2d_small, "r50_8x8": c2d_r50_8x8}
I3D = {"small": i3d_small, "r50_8x8": i3d_r50_8x8}
"""All that can be trained, by name."""
