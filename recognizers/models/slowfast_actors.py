"""SlowFast that says what each person does (Feichtenhofer et al., ICCV 2019, section 5: AVA).

The features of both pathways, averaged over time, are cut out under each person's box (RoIAlign), and the largest of
each feature decides. Where people are must be said from outside.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import torch
from torch import Tensor, nn

from recognizers.models import slowfast
from recognizers.models.slowfast import SlowFast, SlowFastSize
from recognizers.nn.roi import roi_align

BINS = 7
"""Along each side of a box."""


class SlowFastActors(nn.Module):
    """Clips `(N, 3, T, H, W)`, normalised, and boxes → logits `(K, classes)`, one row a box."""

    def __init__(self, size: SlowFastSize, classes: int) -> None:
        super().__init__()
        self.size = size
        self.trunk = SlowFast(size, classes)
        """Its head is asked about each box instead of the whole picture."""

    def forward(self, clips: Tensor, boxes: Tensor, owner: Tensor) -> Tensor:
        return self.decide(*self.trunk.maps(*self.trunk.stems(clips)), boxes, owner)

    def decide(self, slow: Tensor, fast: Tensor, boxes: Tensor, owner: Tensor) -> Tensor:
        """What the pathways say of pictures, `(N, C, h, w)`, to logits.

        Args:
            boxes: `(K, 4)` xyxy in fractions of the pictures.
            owner: `(K,)` which of the N each lies in.
        """
        features = torch.cat((slow, fast), dim=1)
        height, width = features.shape[2:]
        pixels = boxes * boxes.new_tensor([width, height, width, height])
        under = roi_align(features, pixels, owner, size=BINS, scale=1.0).amax(dim=(2, 3))
        logits: Tensor = self.trunk.head(self.trunk.dropout(under))
        return logits


def _dilated(make: Callable[[], SlowFastSize]) -> Callable[[], SlowFastSize]:
    return lambda: replace(make(), dilated=True)


SIZES: Mapping[str, Callable[[], SlowFastSize]] = {name: _dilated(make) for name, make in slowfast.SIZES.items()}
"""Those of SlowFast, with features of 1/16 of the picture."""
