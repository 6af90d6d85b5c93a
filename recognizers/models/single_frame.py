"""A 2-D network that looks at each picture alone; a clip's score is the mean of its pictures' scores.

The "single frame" network of Karpathy et al. (CVPR 2014). It knows nothing of order or motion: what it tells apart,
single pictures tell apart.
"""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, nn

from recognizers.models.backbones import PictureFeatures, PictureSize
from recognizers.nn.steps import mean_of_steps


class SingleFrame(nn.Module):
    """Clips to logits: `(N, 3, T, H, W)` float, normalised → `(N, classes)`, whose softmax is the mean of the
    pictures' softmaxes."""

    DECIDING: ClassVar[tuple[str, ...]] = ("dropout", "head")

    def __init__(self, size: PictureSize, classes: int) -> None:
        super().__init__()
        self.size = size
        self.features = PictureFeatures(size)
        self.dropout = nn.Dropout(size.dropout)
        self.head = nn.Linear(self.features.channels, classes)

    def forward(self, clips: Tensor) -> Tensor:
        return self.decide(self.look(clips))

    def look(self, inputs: Tensor) -> Tensor:
        """Clips to the features of their pictures, `(N, T, F)`."""
        pictures = inputs.transpose(1, 2)
        seen: Tensor = self.features(pictures.flatten(0, 1))
        return seen.view(*pictures.shape[:2], -1)

    def decide(self, features: Tensor) -> Tensor:
        """`(N, T, F)` features of pictures → `(N, classes)` logits."""
        return mean_of_steps(self.head(self.dropout(features)))


def single_frame_small() -> PictureSize:
    """For two CPU cores and for training from scratch on a few hundred clips."""
    return PictureSize(frames=8)


def single_frame_resnet18() -> PictureSize:
    """11.2 M parameters, 1.8 GMAC a picture at 224x224."""
    return PictureSize(frames=8, width=64, depths=(2, 2, 2, 2))


def single_frame_lite0() -> PictureSize:
    """3.4 M parameters, 0.39 GMAC a picture at 224x224; only the head learns."""
    return PictureSize(frames=8, backbone="lite0", pretrained=True, frozen=True)


SIZES = {"small": single_frame_small, "resnet18": single_frame_resnet18, "lite0": single_frame_lite0}
"""All that can be trained, by name."""
