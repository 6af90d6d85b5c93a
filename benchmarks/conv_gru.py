"""What skeletons are compared with: convolutions and a GRU over positions and velocities of joints."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from recognizers.nn.modalities import modality, standardised
from recognizers.nn.skeletons import LAYOUTS


@dataclass(frozen=True, slots=True)
class ConvGruSize:
    """The numbers that make it."""

    layout: str = "coco17"
    coordinates: int = 2
    frames: int = 32
    persons: int = 1
    width: int = 64
    """Channels of the convolutions."""
    hidden: int = 96
    """Of the GRU."""
    kernel: int = 3
    dropout: float = 0.3


class ConvGru(nn.Module):
    """The first person's joints to logits: `(N, C, T, J, M)` → `(N, classes)`; what the last frame's state says."""

    def __init__(self, size: ConvGruSize, classes: int) -> None:
        super().__init__()
        self.layout = LAYOUTS[size.layout]
        numbers = 2 * (size.coordinates + 1) * len(self.layout.joints)
        self.convolutions = nn.Sequential(
            nn.Conv1d(numbers, size.width, size.kernel, padding=size.kernel // 2),
            nn.BatchNorm1d(size.width),
            nn.ReLU(),
            nn.Conv1d(size.width, size.width, size.kernel, padding=size.kernel // 2),
            nn.BatchNorm1d(size.width),
            nn.ReLU(),
            nn.Dropout(size.dropout),
        )
        self.gru = nn.GRU(size.width, size.hidden, batch_first=True)
        self.dropout = nn.Dropout(size.dropout)
        self.head = nn.Linear(size.hidden, classes)

    def forward(self, skeletons: Tensor) -> Tensor:
        standard = standardised(skeletons[..., 0], self.layout)
        parts = [modality(name, standard, self.layout).transpose(2, 3).flatten(1, 2) for name in ("joints", "motion")]
        states, _ = self.gru(self.convolutions(torch.cat(parts, dim=1)).transpose(1, 2))
        logits: Tensor = self.head(self.dropout(states[:, -1]))
        return logits
