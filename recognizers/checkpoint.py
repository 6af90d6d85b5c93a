"""Checkpoints: one safetensors file that carries its own card.

A pickle can run code when it is read; none is ever loaded here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from recognizers.card import CARD, Card, read_card
from recognizers.errors import CheckpointMismatch

__all__ = ["Card", "load", "save"]


def save(path: Path, card: Card, tensors: Mapping[str, Tensor]) -> None:
    """Write a checkpoint; a reader never sees half of one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    contiguous = {name: tensor.detach().contiguous().cpu() for name, tensor in tensors.items()}
    save_file(contiguous, part, metadata={CARD: json.dumps(asdict(card))})
    part.replace(path)


def load(path: Path) -> tuple[Card, dict[str, Tensor]]:
    """Read a checkpoint.

    Raises:
        CheckpointMismatch: it is missing, a pickle, damaged, or not one of ours; says what to do.
    """
    card = read_card(path)
    try:
        with safe_open(path, framework="pt") as file:
            return card, {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dict
    except (SafetensorError, OSError, ValueError) as error:
        raise CheckpointMismatch(
            f"{path} is damaged or not a safetensors file ({error}); copy or download it again"
        ) from error
