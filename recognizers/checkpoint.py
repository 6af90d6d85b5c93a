"""Checkpoints: one safetensors file that carries its own card (what it sees, what it says, how it was trained).

A pickle can run code when it is read; none is ever loaded here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from recognizers.clip import ClipSpec
from recognizers.errors import CheckpointMismatch

CARD = "takt.card"
PICKLES = (b"PK\x03\x04", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")
"""First bytes of what torch.save and pickle write."""


@dataclass(frozen=True, slots=True)
class Card:
    """What a checkpoint says of itself."""

    kind: str
    """The recognizer's kind, e.g. `slowfast`."""
    labels: tuple[str, ...]
    background: str
    spec: ClipSpec
    crop_px: int
    """Side of the square that the network sees."""
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    """Of RGB in [0, 1]."""
    network: Mapping[str, Any]
    """The network's plain numbers (e.g. the fields of SlowFastSize)."""
    temperature: float = 1.0
    """Logits are divided by it before the softmax, so that scores mean what they say."""
    trained: Mapping[str, Any] = field(default_factory=dict)
    """Data, seed, epochs, held-out figures: for people."""

    def __post_init__(self) -> None:
        if self.background not in self.labels:
            raise ValueError(f"background {self.background!r} is not among the labels {self.labels}")
        if len(set(self.labels)) != len(self.labels):
            raise ValueError(f"labels repeat: {self.labels}")
        if not self.temperature > 0:
            raise ValueError(f"temperature is {self.temperature}; it must be above 0")


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
    _refuse_pickle(path)
    try:
        with safe_open(path, framework="pt") as file:
            described = (file.metadata() or {}).get(CARD)
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dict
    except (SafetensorError, OSError, ValueError) as error:
        raise CheckpointMismatch(
            f"{path} is damaged or not a safetensors file ({error}); copy or download it again"
        ) from error
    if described is None:
        raise CheckpointMismatch(
            f"{path} is a safetensors file without a `{CARD}` in its metadata; write it with `takt train`"
        )
    return _card(path, described), tensors


def _refuse_pickle(path: Path) -> None:
    try:
        with path.open("rb") as file:
            head = file.read(4)
    except OSError as error:
        raise CheckpointMismatch(f"cannot read the checkpoint {path}: {error.strerror}; check the path") from error
    if head.startswith(PICKLES):
        raise CheckpointMismatch(
            f"{path} is a pickle (.pt, .pth, .pkl), which can run code when it is read; "
            "convert it where you trust it and give the safetensors file"
        )


def _card(path: Path, described: str) -> Card:
    try:
        fields = json.loads(described)
        fields["spec"] = ClipSpec(**fields["spec"])
        for name in ("labels", "mean", "std"):
            fields[name] = tuple(fields[name])
        return Card(**fields)
    except (KeyError, TypeError, ValueError) as error:
        raise CheckpointMismatch(f"{path} has a card that this version cannot read ({error})") from error
