"""A small residual network over pictures (He et al., CVPR 2016), for recognizers that look at one picture at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from torch import Tensor, nn
from torch.nn import functional as F


class Block(nn.Module):
    """Two 3×3 convolutions around a shortcut; the first carries the stride and the change of channels."""

    def __init__(self, c_in: int, c_out: int, stride: int) -> None:
        super().__init__()
        self.conv_a = nn.Conv2d(c_in, c_out, 3, stride, 1, bias=False)
        self.norm_a = nn.BatchNorm2d(c_out)
        self.conv_b = nn.Conv2d(c_out, c_out, 3, 1, 1, bias=False)
        self.norm_b = nn.BatchNorm2d(c_out)
        self.projection: nn.Sequential | None = None
        if c_in != c_out or stride != 1:
            self.projection = nn.Sequential(nn.Conv2d(c_in, c_out, 1, stride, bias=False), nn.BatchNorm2d(c_out))

    def forward(self, x: Tensor) -> Tensor:
        kept = x if self.projection is None else self.projection(x)
        y = F.relu(self.norm_a(self.conv_a(x)))
        return F.relu(kept + self.norm_b(self.conv_b(y)))


class ResNet2d(nn.Module):
    """`(M, C, H, W)` → `(M, channels, H / s, W / s)` with s = 2 ** (1 + stages), e.g. 32 for four stages."""

    def __init__(self, channels: int, width: int, depths: Sequence[int]) -> None:
        """`channels` of the input: 3 of a picture, 2 L of L flow fields. Stages have width, 2 · width, … channels."""
        super().__init__()
        self.stem = nn.Conv2d(channels, width, 7, 2, 3, bias=False)
        self.norm = nn.BatchNorm2d(width)
        self.pool = nn.MaxPool2d(3, 2, 1)
        stages: list[nn.Module] = []
        c_in = width
        for stage, depth in enumerate(depths):
            c_out = width << stage
            stages += [Block(c_in if n == 0 else c_out, c_out, 2 if stage and n == 0 else 1) for n in range(depth)]
            c_in = c_out
        self.stages = nn.Sequential(*stages)
        self.channels = c_in
        """Of the output."""

    def forward(self, x: Tensor) -> Tensor:
        y = self.pool(F.relu(self.norm(self.stem(x))))
        return cast(Tensor, self.stages(y))
