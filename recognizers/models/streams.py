"""The two networks of a two-stream network: one for what is there, one for how it moves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from recognizers.estimators.flows import FLOWS
from recognizers.models.backbones import PictureSize
from recognizers.models.crnn import CELLS
from recognizers.nn.numbers import check_counts
from recognizers.nn.resnet2d import ResNet2d

TEMPORAL = ("flow", "rnn")
_FUSIONS = ("early", "late", "slow", "conv")
_SLOW_STEPS, _SLOW_STAGES = 10, 3


@dataclass(frozen=True, slots=True)
class TwoStreamSize(PictureSize):
    """The numbers that make a two-stream network."""

    temporal: str = "flow"
    """How motion is seen: a 2-D network over stacked flow, or a recurrent one over pictures that a network of its own
    looks at."""
    fusion: str = "late"
    """Where the streams become one; see `recognizers.models.fusions`."""
    weights: tuple[float, float] = (1.0, 1.5)
    """Of the scores of the spatial (or fused) and the temporal network, where both have some: late and conv."""
    flow: str = "dis_fast"
    """A key of `FLOWS`."""
    cell: str = "gru"
    """Of a recurrent network: one of `CELLS`."""
    hidden: int = 128
    """Numbers that a recurrent network carries from picture to picture."""

    def __post_init__(self) -> None:
        PictureSize.__post_init__(self)
        _check("temporal network", self.temporal, TEMPORAL)
        _check("fusion", self.fusion, _FUSIONS)
        _check("flow", self.flow, tuple(FLOWS))
        _check("cell", self.cell, CELLS)
        check_counts(self, "frames", least=2)
        check_counts(self, "hidden")
        if len(self.weights) != 2 or min(self.weights) < 0 or not sum(self.weights) > 0:
            raise ValueError(f"weights are {self.weights}; two numbers from 0 on, not both 0")
        if self.fusion in ("early", "slow") and (self.temporal, self.backbone) != ("flow", "resnet"):
            raise ValueError(f"{self.fusion} fusion is of a resnet over pictures and flow; take late or conv instead")
        if self.fusion == "slow" and (self.steps < _SLOW_STEPS or len(self.depths) < _SLOW_STAGES):
            raise ValueError(
                f"slow fusion needs {_SLOW_STEPS + 1} pictures and {_SLOW_STAGES} stages; "
                f"there are {self.frames} and {len(self.depths)}"
            )
        if self.fusion == "conv" and self.backbone == "lite0" and len(self.depths) != 4:
            raise ValueError("conv fusion needs maps of one size: beside lite0, depths must have four stages")

    @property
    def steps(self) -> int:
        """Flow fields of a clip (L)."""
        return self.frames - 1


class FlowStream(nn.Module):
    """A clip's flow fields, stacked as the channels of one picture → `(N, channels, h, w)`."""

    def __init__(self, size: TwoStreamSize, channels: int) -> None:
        """`channels` of a field."""
        super().__init__()
        self.network = ResNet2d(channels * size.steps, size.width, size.depths)
        self.channels = self.network.channels

    def forward(self, looked: Tensor, fields: Tensor) -> Tensor:
        """`(N, T - 1, C, H, W)` fields; what is known of single pictures does not matter."""
        return cast(Tensor, self.network(fields.flatten(1, 2)))


class RecurrentStream(nn.Module):
    """What is known of each picture, in order → `(N, channels, 1, 1)` after the last."""

    def __init__(self, size: TwoStreamSize, features: int) -> None:
        super().__init__()
        cell = nn.GRU if size.cell == "gru" else nn.LSTM
        self.dropout = nn.Dropout(size.dropout)
        self.recurrent = cell(features, size.hidden, batch_first=True)
        self.channels = size.hidden

    def forward(self, looked: Tensor, fields: Tensor) -> Tensor:
        """`(N, T, F, h, w)` of pictures; flow does not matter."""
        said, _ = self.recurrent(self.dropout(looked.mean(dim=(3, 4))))
        return cast(Tensor, said[:, -1, :, None, None])


class Beside(nn.Module):
    """Networks that look at the same pictures; their maps are stacked."""

    def __init__(self, *networks: nn.Module) -> None:
        super().__init__()
        self.networks = nn.ModuleList(networks)

    def forward(self, pictures: Tensor) -> Tensor:
        return torch.cat([network(pictures) for network in self.networks], dim=1)


class Pooled(nn.Module):
    """The mean over all places, as a map of one place."""

    def forward(self, maps: Tensor) -> Tensor:
        return maps.mean(dim=(2, 3), keepdim=True)


def _check(what: str, given: str, known: tuple[str, ...]) -> None:
    if given not in known:
        raise ValueError(f"no {what} {given!r}; there are: {', '.join(known)}")
