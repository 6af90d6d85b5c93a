"""Checkpoints: one safetensors file that carries its own card.

A pickle can run code when it is read; none is ever loaded here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as to_bytes
from torch import Tensor, nn

from recognizers.card import CARD, Card, read_card
from recognizers.errors import CheckpointMismatch
from recognizers.files import write_whole

__all__ = ["Card", "check_finite", "fit_strictly", "load", "misfits", "save", "with_card"]


def save(path: Path, card: Card, tensors: Mapping[str, Tensor]) -> None:
    """Write a checkpoint; a reader never sees half of one, and a write that fails leaves the old one.

    Raises:
        OSError: the disk does not take it, or something else than a file is there.
    """
    own = {name: tensor.detach().cpu().clone(memory_format=torch.contiguous_format) for name, tensor in tensors.items()}
    write_whole(path, to_bytes(own, metadata={CARD: json.dumps(asdict(card))}))


def with_card(path: Path, out: Path, change: Callable[[Card], Card]) -> Card:
    """Write a checkpoint that differs in its card alone: every weight keeps every bit. `out` may be `path`.

    Raises:
        CheckpointMismatch: as `load`.
        OSError: the disk does not take it.
    """
    card, tensors = load(path)
    changed = change(card)
    save(out, changed, tensors)
    return changed


def load(path: Path) -> tuple[Card, dict[str, Tensor]]:
    """Read a checkpoint.

    Raises:
        CheckpointMismatch: it is missing, a pickle, damaged, or not one of ours; says what to do.
    """
    card = read_card(path)
    try:
        with safe_open(path, framework="pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dict
    except (SafetensorError, OSError, ValueError) as error:
        raise CheckpointMismatch(
            f"{path} is damaged or not a safetensors file ({error}); copy or download it again"
        ) from error
    check_finite(tensors, str(path))
    return card, tensors


def check_finite(tensors: Mapping[str, Tensor], origin: str) -> None:
    """Refuse weights that make every score NaN.

    Raises:
        CheckpointMismatch: names them.
    """
    broken = [name for name, tensor in tensors.items() if not tensor.float().isfinite().all()]
    if broken:
        raise CheckpointMismatch(
            f"{origin} has numbers that are not finite in {', '.join(broken)}; train it again or take an earlier one"
        )


def misfits(wanted: Mapping[str, Tensor], given: Mapping[str, Tensor]) -> list[str]:
    """Every key that is missing, unknown, of another shape or of no numbers, one line each."""
    return [
        *(f"missing {name}" for name in wanted if name not in given),
        *(f"unknown {name}" for name in given if name not in wanted),
        *(
            f"{name} is {tuple(given[name].shape)} where the network has {tuple(tensor.shape)}"
            for name, tensor in wanted.items()
            if name in given and given[name].shape != tensor.shape
        ),
        *(
            f"{name} holds {given[name].dtype} where the network has {tensor.dtype}"
            for name, tensor in wanted.items()
            if name in given and given[name].shape == tensor.shape and not _is_of_numbers(given[name])
        ),
    ]


def _is_of_numbers(tensor: Tensor) -> bool:
    """Whether nothing is lost that matters where it is made into others: complex numbers lose a half, and what is yes
    or no was never a weight."""
    return not tensor.is_complex() and tensor.dtype is not torch.bool


def fit_strictly(network: nn.Module, tensors: Mapping[str, Tensor], origin: str) -> None:
    """Give a network its weights; every key and shape must be right.

    Raises:
        CheckpointMismatch: names the first keys that are not.
    """
    if problems := misfits(network.state_dict(), tensors):
        more = f" and {len(problems) - 5} more" if len(problems) > 5 else ""
        raise CheckpointMismatch(f"{origin} does not fit the network: {'; '.join(problems[:5])}{more}")
    network.load_state_dict(tensors)
