"""Two streams: what is there is told by pictures, how it moves by optical flow (Simonyan and Zisserman, "Two-Stream
Convolutional Networks", NeurIPS 2014) or by a recurrent network.

Flow is found by the network itself, in the very pictures that it sees, so that training and service cannot differ in
it. Mixup therefore does not suit it: two clips laid over each other have the flow of neither. What all of a field has
in common is not taken out: cameras stand still here.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from recognizers.clip import Picture
from recognizers.estimators.base import FlowEstimator
from recognizers.estimators.flows import FLOWS
from recognizers.models.fusions import FUSIONS, Fusion
from recognizers.models.streams import TwoStreamSize
from recognizers.nn.flow import per_step, repeats
from recognizers.transforms import as_pictures


class TwoStream(nn.Module):
    """Clips to logits: `(N, 3, T, H, W)` float, normalised → `(N, classes)`."""

    def __init__(self, size: TwoStreamSize, classes: int) -> None:
        """Raises CheckpointMismatch where what finds flow is not installed."""
        super().__init__()
        self.size = size
        self.estimator: FlowEstimator = FLOWS[size.flow]() if size.temporal == "flow" else _NoFlow()
        self.fusion = FUSIONS[size.fusion](size, self.estimator.channels, classes)

    def forward(self, clips: Tensor) -> Tensor:
        pictures = clips.transpose(1, 2)
        looked: Tensor = self.fusion.look(pictures.flatten(0, 1))
        looked = looked.view(*pictures.shape[:2], *looked.shape[1:])
        fields = self.flow(pictures[:, :-1].flatten(0, 1), pictures[:, 1:].flatten(0, 1))
        fields = fields.view(len(pictures), self.size.steps, *fields.shape[1:])
        return self.decided(self.fusion, looked, fields, repeats(pictures))

    @torch.no_grad()
    def flow(self, earlier: Tensor, later: Tensor) -> Tensor:
        """`(M, 3, H, W)` normalised pictures and what came after each → `(M, C, H, W)` as estimated."""
        pairs = zip(as_pictures(earlier), as_pictures(later), strict=True)
        fields = [self.estimator.flow(pair)[0] for pair in pairs]
        shape = (0, self.estimator.channels, *earlier.shape[2:])
        return torch.from_numpy(np.stack(fields) if fields else np.empty(shape, np.float32)).to(earlier.device)

    def decided(self, fusion: Fusion, looked: Tensor, fields: Tensor, repeated: Tensor) -> Tensor:
        """Logits `(N, classes)` of what is known of pictures `(N, T, …)` and of pairs of them `(N, T - 1, C, H, W)`.

        Args:
            fusion: this network's own, or one of equal answers.
            repeated: `(N, T - 1)`, see `repeats`.
        """
        return fusion.decide(looked, (per_step(fields, repeated) / self.estimator.limit).clamp(-1, 1))


class _NoFlow:
    """For networks that look at none."""

    channels, limit = 0, 1.0

    def flow(self, pictures: Sequence[Picture]) -> NDArray[np.float32]:
        return np.empty((len(pictures) - 1, 0, *pictures[0].shape[:2]), np.float32)


def two_stream_small() -> TwoStreamSize:
    """For two CPU cores and for training from scratch on a few hundred clips; ten fields, as the papers have."""
    return TwoStreamSize(frames=11)


def two_stream_resnet18() -> TwoStreamSize:
    """Two ResNet-18, fused after their last convolutions."""
    return TwoStreamSize(frames=11, width=64, depths=(2, 2, 2, 2), fusion="conv")


def two_stream_lite0() -> TwoStreamSize:
    """What is there is told by a network that has seen ImageNet; only its head and the temporal network learn."""
    return TwoStreamSize(frames=11, backbone="lite0", pretrained=True, frozen=True)


SIZES = {"small": two_stream_small, "resnet18": two_stream_resnet18, "lite0": two_stream_lite0}
"""All that can be trained, by name."""
