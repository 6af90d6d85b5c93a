"""A 2-D network for each picture, a recurrent one over what it says (LRCN: Donahue et al., CVPR 2015; with a GRU it is
a MiniROAD: An et al., ICCV 2023). A clip's score is the mean of its steps' scores, as LRCN's is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from recognizers.models.backbones import PictureFeatures, PictureSize
from recognizers.nn.numbers import check_counts
from recognizers.nn.steps import mean_of_steps

CELLS = ("gru", "lstm")


@dataclass(frozen=True, slots=True)
class CrnnSize(PictureSize):
    """The numbers that make a recurrent network over pictures."""

    cell: str = "gru"
    """One of `CELLS`."""
    hidden: int = 128
    """Numbers that the recurrent part carries from picture to picture, in each layer."""
    layers: int = 1
    grid: int = 1
    """The recurrent part sees the means of grid × grid parts of a picture's map: where something is, not only that it
    is there. LRCN's, too, sees every place (its features are those of a fully connected layer)."""
    cold: int = 0
    """First steps of a clip whose scores do not count: the recurrent part has seen too little. LRCN counts all."""

    def __post_init__(self) -> None:
        PictureSize.__post_init__(self)
        if self.cell not in CELLS:
            raise ValueError(f"no cell {self.cell!r}; there are: {', '.join(CELLS)}")
        check_counts(self, "hidden", "layers", "grid")
        if not 0 <= self.cold < self.frames:
            raise ValueError(f"cold ({self.cold}) must leave some of the {self.frames} pictures")


class Crnn(nn.Module):
    """Clips to logits: `(N, 3, T, H, W)` float, normalised → `(N, classes)`, whose softmax is the mean of the steps'
    softmaxes (but the cold ones)."""

    DECIDING: ClassVar[tuple[str, ...]] = ("dropout", "recurrent", "head")

    def __init__(self, size: CrnnSize, classes: int) -> None:
        super().__init__()
        self.size = size
        self.features = PictureFeatures(size, size.grid)
        self.dropout = nn.Dropout(size.dropout)
        cell = nn.GRU if size.cell == "gru" else nn.LSTM
        self.recurrent = cell(self.features.channels, size.hidden, size.layers, batch_first=True)
        self.head = nn.Linear(size.hidden, classes)

    def forward(self, clips: Tensor) -> Tensor:
        return self.decide(self.look(clips))

    def look(self, inputs: Tensor) -> Tensor:
        """Clips to the features of their pictures, `(N, T, F)`."""
        pictures = inputs.transpose(1, 2)
        seen: Tensor = self.features(pictures.flatten(0, 1))
        return seen.view(*pictures.shape[:2], -1)

    def decide(self, features: Tensor) -> Tensor:
        """`(N, T, F)` features of pictures → `(N, classes)` logits; the recurrent part begins at each clip's first."""
        return mean_of_steps(self.steps(features)[0][:, self.size.cold :])

    def steps(self, features: Tensor, carried: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """What is said at each of t steps, `(N, t, F)` → `(N, t, classes)` logits, and what is carried on.

        Args:
            carried: `(layers, N, hidden)`, twice as many layers of an LSTM (state, then cell); `None` begins anew.
        """
        features = self.dropout(features)
        if isinstance(self.recurrent, nn.GRU):
            said, carried = self.recurrent(features, carried)
        else:
            said, pair = self.recurrent(features, None if carried is None else tuple(carried.chunk(2)))
            carried = torch.cat(pair)
        return self.head(self.dropout(said)), carried


def crnn_small() -> CrnnSize:
    """For two CPU cores and for training from scratch on a few hundred clips."""
    return CrnnSize(frames=16, cold=8, grid=3)


def crnn_lite0() -> CrnnSize:
    """4.6 M parameters, of which 1.2 M learn."""
    return CrnnSize(frames=16, backbone="lite0", pretrained=True, frozen=True, hidden=256, cold=8)


SIZES = {"small": crnn_small, "lite0": crnn_lite0}
"""All that can be trained, by name."""
