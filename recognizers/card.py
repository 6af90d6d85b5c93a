"""A checkpoint's card: what it sees, what it says, how it was trained. Read from the file's header, without torch."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from recognizers.clip import ClipSpec
from recognizers.errors import CheckpointMismatch

CARD = "takt.card"
"""The card's key in the metadata of a safetensors file."""
BUNDLED = Path(__file__).parent / "weights"
PICKLES = (b"PK\x03\x04", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")
"""First bytes of what torch.save and pickle write."""

_LENGTH_BYTES = 8
_LONGEST_HEADER = 100_000_000
"""The format's own limit."""


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

    @property
    def actions(self) -> tuple[str, ...]:
        """The labels that can become events."""
        return tuple(label for label in self.labels if label != self.background)


def checkpoint_path(named: str | Path) -> Path:
    """`bundled:NAME` is a checkpoint that ships with the package; anything else is a path."""
    text = str(named)
    if not text.startswith("bundled:"):
        return Path(named)
    path = BUNDLED / f"{text.removeprefix('bundled:')}.safetensors"
    if not path.exists():
        known = ", ".join(sorted(f"bundled:{one.stem}" for one in BUNDLED.glob("*.safetensors")))
        raise CheckpointMismatch(f"no checkpoint {text} ships with this package; there are: {known}")
    return path


def read_card(path: Path) -> Card:
    """The card of a checkpoint; no tensor is read.

    Raises:
        CheckpointMismatch: it is missing, a pickle, damaged, or not one of ours; says what to do.
    """
    try:
        with path.open("rb") as file:
            header = _header(path, file)
    except OSError as error:
        raise CheckpointMismatch(f"cannot read the checkpoint {path}: {error.strerror}; check the path") from error
    metadata = header.get("__metadata__")
    described = metadata.get(CARD) if isinstance(metadata, dict) else None
    if described is None:
        raise CheckpointMismatch(
            f"{path} is a safetensors file without a `{CARD}` in its metadata; write it with `takt train`"
        )
    return _card(path, described)


def _header(path: Path, file: BinaryIO) -> dict[str, Any]:
    """The JSON header: its length in eight bytes, then itself; the tensors behind it must be all there."""
    head = file.read(_LENGTH_BYTES)
    if head.startswith(PICKLES):
        raise CheckpointMismatch(
            f"{path} is a pickle (.pt, .pth, .pkl), which can run code when it is read; "
            "convert it where you trust it and give the safetensors file"
        )
    length = int.from_bytes(head, "little")
    try:
        if not 2 <= length <= _LONGEST_HEADER:
            raise ValueError("it has no header")
        header = json.loads(file.read(length))
        tensors = sum(entry["data_offsets"][1] - entry["data_offsets"][0] for entry in _tensors(header))
        size, wanted = os.fstat(file.fileno()).st_size, _LENGTH_BYTES + length + tensors
        if size != wanted:
            raise ValueError(f"it has {size} bytes instead of {wanted}")
    except (AttributeError, IndexError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise CheckpointMismatch(
            f"{path} is damaged or not a safetensors file ({error}); copy or download it again"
        ) from error
    return dict(header)


def _tensors(header: dict[str, Any]) -> list[dict[str, Any]]:
    return [entry for name, entry in header.items() if name != "__metadata__"]


def _card(path: Path, described: str) -> Card:
    try:
        fields = json.loads(described)
        fields["spec"] = ClipSpec(**fields["spec"])
        for name in ("labels", "mean", "std"):
            fields[name] = tuple(fields[name])
        return Card(**fields)
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise CheckpointMismatch(f"{path} has a card that this version cannot read ({error})") from error
