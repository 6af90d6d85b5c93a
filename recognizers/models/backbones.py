"""What looks at single pictures, for every kind of network that does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from recognizers.nn.efficientnet import EfficientNetLite0
from recognizers.nn.numbers import check_counts, check_dropout
from recognizers.nn.resnet2d import ResNet2d
from recognizers.transforms import MEAN, STD

BACKBONES = ("resnet", "lite0")


@dataclass(frozen=True, slots=True)
class PictureSize:
    """How many pictures are looked at, and by what."""

    frames: int
    """Pictures of a clip."""
    backbone: str = "resnet"
    """One of `BACKBONES`."""
    width: int = 24
    """Channels of a resnet's stem."""
    depths: tuple[int, ...] = (1, 1, 1, 1)
    """Blocks of a resnet's stages; width 64 and (2, 2, 2, 2) is ResNet-18."""
    pretrained: bool = False
    """A training of lite0 begins with what it learned from ImageNet. A checkpoint always brings its own weights."""
    frozen: bool = False
    """A training leaves what is pretrained as it is: best where clips are few."""
    dropout: float = 0.5

    def __post_init__(self) -> None:
        if self.backbone not in BACKBONES:
            raise ValueError(f"no backbone {self.backbone!r}; there are: {', '.join(BACKBONES)}")
        check_counts(self, "frames", "width", "depths")
        check_dropout(self)
        if self.pretrained and self.backbone != "lite0":
            raise ValueError(f"backbone {self.backbone} does not come pretrained; lite0 does")
        if self.frozen and not self.pretrained:
            raise ValueError("frozen needs pretrained: weights that know nothing would never learn")


class Lite0(nn.Module):
    """`(M, 3, H, W)` normalised as all pictures are → `(M, channels, H / 32, W / 32)`."""

    def __init__(self, pretrained: bool, frozen: bool) -> None:
        super().__init__()
        self.is_pretrained, self.is_frozen = pretrained, frozen
        # From ours to (pixel - 127) / 128. Ahead of the padding, so it does not fold into the first convolution.
        mean, std = (torch.tensor(numbers)[:, None, None] * 255 for numbers in (MEAN, STD))
        self.register_buffer("scale", std / 128)
        self.register_buffer("shift", (mean - 127) / 128)
        self.network = EfficientNetLite0().requires_grad_(not frozen)
        self.channels = self.network.channels

    def train(self, mode: bool = True) -> Self:
        """What is frozen keeps the statistics of its batch norms, too."""
        return super().train(mode and not self.is_frozen)

    def forward(self, pictures: Tensor) -> Tensor:
        rescaled = torch.addcmul(cast(Tensor, self.shift), pictures, cast(Tensor, self.scale))
        return cast(Tensor, self.network(rescaled))


class PictureFeatures(nn.Module):
    """`(M, 3, H, W)` normalised pictures → `(M, channels)`: the means of a backbone's last map, over all of it or over
    each of `grid` × `grid` parts of it."""

    def __init__(self, size: PictureSize, grid: int = 1) -> None:
        super().__init__()
        self.backbone = backbone_of(size)
        self.grid = grid
        self.channels = self.backbone.channels * grid**2

    def forward(self, pictures: Tensor) -> Tensor:
        return F.adaptive_avg_pool2d(self.backbone(pictures), self.grid).flatten(1)


def backbone_of(size: PictureSize) -> ResNet2d | Lite0:
    """Pictures to maps: `(M, 3, H, W)` → `(M, channels, h, w)`."""
    if size.backbone == "lite0":
        return Lite0(size.pretrained, size.frozen)
    return ResNet2d(3, size.width, size.depths)
