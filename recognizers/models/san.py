"""Self-attention on skeletons (SAN, Cho et al., WACV 2020): frames of joints and their motion ask each other.

The paper's three ways to bring modalities together, and its temporal segments (TS-SAN), are numbers of the size.
Other than there, people share one network and are max-pooled before the classifier, so that it does not matter who
is first and how many there are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, get_args

import torch
from torch import Tensor, nn

from recognizers.nn.attention import AttentionBlock
from recognizers.nn.modalities import MODALITIES, modality, standardised
from recognizers.nn.numbers import check_counts, check_dropout, check_kernels
from recognizers.nn.skeletons import LAYOUTS

Variant = Literal["v1", "v2", "v3"]


@dataclass(frozen=True, slots=True)
class SanSize:
    """The numbers that make a SAN network."""

    layout: str = "coco17"
    """A key of `LAYOUTS`: which joints, in which order."""
    coordinates: int = 2
    """2 (x, y) or 3 (x, y, z)."""
    frames: int = 32
    persons: int = 2
    """People that are looked at."""
    variant: Variant = "v2"
    """v1: one encoder of all modalities; v2: one for each, one attention; v3: an attention for each, too."""
    modalities: tuple[str, ...] = ("joints", "motion")
    """Of `joints`, `bones`, `motion`."""
    segments: int = 1
    """Clips are cut in so many pieces; each is asked alone, and their logits are averaged (TS-SAN)."""
    width: int = 64
    heads: int = 4
    depth: int = 2
    """Blocks of attention."""
    inner: int = 128
    """Width of the layer within a block."""
    kernel: int = 3
    """Frames that the encoder joins; 1 is the paper's linear encoder."""
    dropout: float = 0.1
    """In encoder and blocks; before the classifier twice as much."""

    def __post_init__(self) -> None:
        if self.layout not in LAYOUTS:
            raise ValueError(f"no layout {self.layout!r}; there are: {', '.join(LAYOUTS)}")
        if self.coordinates not in (2, 3):
            raise ValueError(f"coordinates is {self.coordinates}; a joint has 2 or 3")
        if self.variant not in get_args(Variant):
            raise ValueError(f"no variant {self.variant!r}; there are: {', '.join(get_args(Variant))}")
        if not self.modalities or not set(self.modalities) <= set(MODALITIES):
            raise ValueError(f"modalities are {self.modalities}; there are: {', '.join(MODALITIES)}")
        if "bones" in self.modalities and not LAYOUTS[self.layout].bones:
            raise ValueError(f"layout {self.layout!r} has no bones")
        self._check_numbers()

    def _check_numbers(self) -> None:
        check_counts(self, "frames", "persons", "segments", "width", "heads", "depth", "inner")
        if self.frames % self.segments:
            raise ValueError(f"frames ({self.frames}) must be a multiple of segments ({self.segments})")
        if self.width % self.heads:
            raise ValueError(f"width ({self.width}) must be a multiple of heads ({self.heads})")
        check_kernels(self, "kernel")
        check_dropout(self, below=0.5)

    def channels(self, name: str) -> int:
        """Numbers of a modality in one frame of one person."""
        layout = LAYOUTS[self.layout]
        return (self.coordinates + 1) * len(layout.bones if name == "bones" else layout.joints)


class San(nn.Module):
    """Skeletons to logits: `(N, C, T, J, M)` float → `(N, classes)`.

    C is x, y(, z) in any unit, then whether the joint was seen (0 to 1; below 0.5 it counts as missing and its
    coordinates for nothing). T frames, J joints in the layout's order, M people, of whom any may be absent: all their
    joints are missing. Where, how large and (in three dimensions) which way a body is turned makes no difference.
    """

    DECIDING: ClassVar[tuple[str, ...]] = ("dropout", "head")

    def __init__(self, size: SanSize, classes: int) -> None:
        super().__init__()
        self.size, self.layout = size, LAYOUTS[size.layout]
        inputs = [size.channels(name) for name in size.modalities]
        self.norms = nn.ModuleList(_Norm(channels, size.coordinates) for channels in inputs)
        inputs = [sum(inputs)] if size.variant == "v1" else inputs
        self.encoders = nn.ModuleList(_Encoder(channels, size) for channels in inputs)
        width = size.width * (len(inputs) if size.variant == "v2" else 1)
        streams = len(inputs) if size.variant == "v3" else 1
        self.streams = nn.ModuleList(_Stream(width, size) for _ in range(streams))
        self.dropout = nn.Dropout(2 * size.dropout)
        self.head = nn.Linear(width * streams, classes)
        nn.init.normal_(self.head.weight, std=0.01)
        nn.init.zeros_(self.head.bias)

    def forward(self, skeletons: Tensor) -> Tensor:
        return self.decide(self.look(skeletons))

    def look(self, inputs: Tensor) -> Tensor:
        """Skeletons to what is seen of them in each segment, `(N, S, F)`."""
        n, persons = len(inputs), inputs.shape[-1]
        seen = (inputs[:, -1:] >= 0.5).to(inputs.dtype)
        places = torch.where(seen > 0, inputs[:, :-1], 0.0)
        people = torch.cat((places, seen), dim=1).movedim(4, 1).flatten(0, 1)
        there = people[:, -1].flatten(1).amax(dim=1).view(n, persons, 1)
        standard = standardised(people, self.layout)
        parts = [
            norm(modality(name, standard, self.layout))
            for name, norm in zip(self.size.modalities, self.norms, strict=True)
        ]
        segments = [self._segment([one[:, piece] for one in parts], there) for piece in self._pieces()]
        return torch.stack(segments, dim=1)

    def decide(self, features: Tensor) -> Tensor:
        """The mean of what is said of each segment."""
        said: Tensor = self.head(self.dropout(features))
        return said.mean(dim=1)

    def _pieces(self) -> list[slice]:
        """The frames of each segment."""
        length = self.size.frames // self.size.segments
        return [slice(n * length, (n + 1) * length) for n in range(self.size.segments)]

    def _segment(self, parts: list[Tensor], there: Tensor) -> Tensor:
        """Each modality's frames `(N * M, t, numbers)`, and who is there `(N, M, 1)` → `(N, F)`."""
        if self.size.variant == "v1":
            parts = [torch.cat(parts, dim=2)]
        encoded = [encoder(part) for encoder, part in zip(self.encoders, parts, strict=True)]
        if self.size.variant == "v2":
            encoded = [torch.cat(encoded, dim=2)]
        streams = zip(self.streams, encoded, strict=True)
        people = torch.cat([stream(frames) for stream, frames in streams], dim=1)
        people = people.view(*there.shape[:2], -1).masked_fill(there == 0, torch.finfo(people.dtype).min)
        pooled = people.amax(dim=1)
        return torch.where(there.amax(dim=1) > 0, pooled, torch.zeros_like(pooled))


class _Norm(nn.Module):
    """Each number of a modality to mean 0 and deviation 1: a body's motion is small beside its places.

    `(N, D + 1, T, K)` → `(N, T, (D + 1) K)`; what was not seen is 0.
    """

    def __init__(self, channels: int, coordinates: int) -> None:
        super().__init__()
        # Not far below the variance of motion: what never varied in training must not grow beyond measure live.
        self.norm = nn.BatchNorm1d(channels * coordinates // (coordinates + 1), eps=1e-3, affine=False)

    def forward(self, given: Tensor) -> Tensor:
        places, seen = given[:, :-1].transpose(2, 3), given[:, -1:].transpose(2, 3)
        even = self.norm(places.flatten(1, 2)).view(places.shape) * seen
        return torch.cat((even, seen), dim=1).flatten(1, 2).transpose(1, 2)


class _Encoder(nn.Module):
    """The numbers of a frame and its neighbours to features: `(N, T, numbers)` → `(N, T, width)`."""

    def __init__(self, channels: int, size: SanSize) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(size.width)
        self.first = nn.Conv1d(channels, size.width, size.kernel, padding=size.kernel // 2)
        self.second = nn.Conv1d(size.width, size.width, size.kernel, padding=size.kernel // 2)
        self.dropout = nn.Dropout(size.dropout)

    def forward(self, frames: Tensor) -> Tensor:
        first = nn.functional.gelu(self.norm(self.first(frames.transpose(1, 2)).transpose(1, 2)))
        encoded: Tensor = first + self.dropout(self.second(first.transpose(1, 2)).transpose(1, 2))
        return encoded


class _Stream(nn.Module):
    """Frames that know their place ask each other: `(N, T, width)` → their mean, `(N, width)`."""

    def __init__(self, width: int, size: SanSize) -> None:
        super().__init__()
        self.place = nn.Parameter(torch.zeros(size.frames // size.segments, width))
        nn.init.normal_(self.place, std=0.02)
        self.blocks = nn.ModuleList(
            AttentionBlock(width, size.heads, size.inner, size.dropout) for _ in range(size.depth)
        )
        self.norm = nn.LayerNorm(width)

    def forward(self, frames: Tensor) -> Tensor:
        frames = frames + self.place
        for block in self.blocks:
            frames = block(frames)
        pooled: Tensor = self.norm(frames).mean(dim=1)
        return pooled


def san_small() -> SanSize:
    """For a few hundred sequences: 0.25 M parameters."""
    return SanSize()


def san_base() -> SanSize:
    """The paper's scale: 64 frames, 6.8 M parameters."""
    return SanSize(frames=64, width=256, heads=8, depth=4, inner=512)


SIZES = {"small": san_small, "base": san_base}
"""All that can be trained, by name."""
