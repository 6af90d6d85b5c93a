"""Small SlowFast networks whose every number counts: random weights and random batch-norm statistics."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from recognizers.checkpoint import Card, save
from recognizers.clip import ClipSpec
from recognizers.models.slowfast import SlowFast, SlowFastSize
from recognizers.models.slowfast_actors import SlowFastActors

TINY = SlowFastSize(frames=8, alpha=4, beta_inv=4, width=8, depths=(1, 2, 1, 1), fusion_kernel=5)
CAUSAL = replace(TINY, causal=True)
DILATED = replace(TINY, dilated=True)
LABELS = ("idle", "pick", "place")


def randomise(state: dict[str, Tensor], seed: int = 0) -> dict[str, Tensor]:
    """Numbers of a sensible size for every tensor of a state, whatever its layout."""
    random = torch.Generator().manual_seed(seed)

    def numbers(name: str, tensor: Tensor) -> Tensor:
        drawn = torch.randn(tensor.shape, generator=random)
        if name.endswith("num_batches_tracked"):
            return torch.tensor(seed)
        if name.endswith("running_var"):
            return drawn.abs() + 0.5
        if tensor.dim() > 1:
            return drawn * (2 / tensor[0].numel()) ** 0.5
        return drawn * 0.3 + (1.0 if name.endswith("weight") else 0.0)

    return {name: numbers(name, tensor) for name, tensor in state.items()}


def random_slowfast(size: SlowFastSize = TINY, classes: int = len(LABELS), seed: int = 0) -> SlowFast:
    network = SlowFast(size, classes)
    network.load_state_dict(randomise(network.state_dict(), seed))
    return network.eval()


def card(size: SlowFastSize = TINY, crop_px: int = 32, multilabel: bool = False) -> Card:
    return Card(
        kind="slowfast",
        labels=LABELS,
        background="idle",
        spec=ClipSpec(size.frames, interval_s=0.08, hop_s=0.5, short_side_px=crop_px),
        crop_px=crop_px,
        mean=(0.45, 0.4, 0.35),
        std=(0.225, 0.25, 0.275),
        network=asdict(size),
        temperature=8.0,
        multilabel=multilabel,
    )


def random_actors(seed: int = 0) -> SlowFastActors:
    network = SlowFastActors(DILATED, len(LABELS))
    network.load_state_dict(randomise(network.state_dict(), seed))
    return network.eval().requires_grad_(False)


def actors_card() -> Card:
    return replace(card(DILATED, multilabel=True), kind="slowfast_actors")


def write_random_actors(path: Path) -> Path:
    save(path, actors_card(), random_actors().state_dict())
    return path


def says(labels: tuple[str, ...], temperature: float = 1.0, **more: Any) -> Card:
    """The card of a network that says these labels, the first of them for nothing."""
    return replace(card(), labels=labels, background=labels[0], temperature=temperature, **more)


def write_random(path: Path, size: SlowFastSize = TINY, multilabel: bool = False) -> Path:
    save(path, card(size, multilabel=multilabel), random_slowfast(size).state_dict())
    return path
