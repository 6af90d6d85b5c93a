"""A checkpoint's card: what it sees, what it says, how it was trained. Read from the file's header, without torch."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from recognizers.clip import ClipSpec
from recognizers.errors import CheckpointMismatch
from recognizers.kinds import mislabelled

CARD = "takt.card"
"""The card's key in the metadata of a safetensors file."""
BUNDLED = Path(__file__).parent / "weights"
PICKLES = (b"PK\x03\x04", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")
"""First bytes of what torch.save and pickle write."""
MEASURES = ("max_logit", "energy")
"""Of how well a network knows what it sees: its largest logit (Hendrycks et al., ICML 2022), or minus its energy,
T · log Σ exp(logit / T) at the card's temperature T (Liu et al., NeurIPS 2020)."""
NEVER = -1e4
"""Logit of a background that was added to a network: its score is exactly 0, and the others are what they were."""

NOT_CAUSAL = (
    "stream needs a network that sees no later picture, and this checkpoint's does; take delayed (exact, but late) or "
    "window, or train one with `numbers: {causal: true}`"
)
"""What is wrong where one is to run as a stream."""

_LENGTH_BYTES = 8
_LONGEST_HEADER = 100_000_000
"""The format's own limit."""


@dataclass(frozen=True, slots=True)
class Abstain:
    """When a recognizer says `background` rather than anything else, since the clip is nothing that it knows."""

    by: str
    """A measure of `MEASURES`."""
    threshold: float
    """Of the measure; at less than that, it abstains."""

    def __post_init__(self) -> None:
        if self.by not in MEASURES:
            raise ValueError(f"abstain.by is {self.by!r}; there are: {', '.join(MEASURES)}")
        if not math.isfinite(self.threshold):
            raise ValueError(f"abstain.threshold is {self.threshold}; it must be a finite number")


@dataclass(frozen=True, slots=True)
class Usual:
    """What a network says of clips like those that it was taught: by which it is seen that live ones are others."""

    scores: tuple[tuple[float, ...], ...]
    """By the label that scores best: how clips spread over equal steps of that score, as shares; zeros where it never
    did."""
    familiar: float
    """The energy (`MEASURES`) that nineteen of twenty clips reach: less is unfamiliar."""
    limits: Mapping[str, float]
    """Of live measures (`streamer.drift`): more is drift. `scores` (population stability index), `unfamiliar` and
    `abstained` (shares)."""


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
    """Logits are divided by it before the softmax (or sigmoid), so that scores mean what they say."""
    multilabel: bool = False
    """Each label has a score of its own (sigmoid), and several actions can go on at once; the background then says how
    sure it is that none does. Otherwise scores are shares of one (softmax)."""
    abstain: Abstain | None = None
    """For networks that were not taught what none of the actions looks like."""
    thresholds: Mapping[str, float] = field(default_factory=dict)
    """The smoothed score at which an action begins, where it was chosen for a number of false alarms an hour; live, a
    configuration's own comes before it."""
    usual: Usual | None = None
    """Of networks trained since cards say it."""
    licence: str = ""
    """Of the weights, by its SPDX name where it has one; empty: nobody said."""
    trained: Mapping[str, Any] = field(default_factory=dict)
    """Data, seed, epochs, held-out figures: for people."""

    def __post_init__(self) -> None:
        if not all(isinstance(label, str) and label for label in self.labels):
            raise ValueError(f"labels are {self.labels}; each must be a word")
        if self.background not in self.labels:
            raise ValueError(f"background {self.background!r} is not among the labels {self.labels}")
        if len(set(self.labels)) != len(self.labels):
            raise ValueError(f"labels repeat: {self.labels}")
        if not (isinstance(self.crop_px, int) and self.crop_px >= 1):
            raise ValueError(f"crop_px is {self.crop_px!r}; it must be a whole number of pixels")
        if not (len(self.mean) == len(self.std) == 3 and min(self.std) > 0):
            raise ValueError(f"mean is {self.mean} and std is {self.std}; each has three numbers, std above 0")
        if not isinstance(self.licence, str):
            raise ValueError(f"licence is {self.licence!r}; it must be a text")
        if not isinstance(self.multilabel, bool):
            raise ValueError(f"multilabel is {self.multilabel!r}; it must be true or false")
        if not self.temperature > 0:
            raise ValueError(f"temperature is {self.temperature}; it must be above 0")
        _check_thresholds(self.thresholds, self.actions)

    @property
    def actions(self) -> tuple[str, ...]:
        """The labels that can become events."""
        return tuple(label for label in self.labels if label != self.background)


def _check_thresholds(thresholds: Mapping[str, float], actions: tuple[str, ...]) -> None:
    for action, threshold in thresholds.items():
        if action not in actions or not 0 < threshold <= 1:
            raise ValueError(f"threshold {threshold} of {action!r}; it must be in (0, 1], of one of {actions}")


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


def wrong_labels(card: Card) -> str | None:
    """What is wrong where a card of `KINDS` says several labels at once, or one, and its kind cannot; else `None`."""
    if (problem := mislabelled(card.kind, card.multilabel)) is None:
        return None
    return f"{problem}; the card must say multilabel: {str(not card.multilabel).lower()}, or take another kind"


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
            f"{path} is a safetensors file without a `{CARD}` in its metadata; "
            "write it with `takt train` or `takt models convert`"
        )
    return _card(path, described)


def _header(path: Path, file: BinaryIO) -> dict[str, Any]:
    """The JSON header: its length in eight bytes, then itself; the tensors behind it must be all there."""
    head = file.read(_LENGTH_BYTES)
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
        # Only now: the length of a good file's header may look like the first bytes of a pickle.
        if head.startswith(PICKLES):
            raise CheckpointMismatch(
                f"{path} is a pickle (.pt, .pth, .pkl), which can run code when it is read; "
                "make a safetensors file of it with `takt models convert`"
            ) from error
        raise CheckpointMismatch(
            f"{path} is damaged or not a safetensors file ({error}); copy or download it again, "
            "or make one of a .pt, .pth or .pyth file with `takt models convert`"
        ) from error
    return dict(header)


def _tensors(header: dict[str, Any]) -> list[dict[str, Any]]:
    return [entry for name, entry in header.items() if name != "__metadata__"]


def _card(path: Path, described: str) -> Card:
    try:
        fields = json.loads(described)
        fields["spec"] = ClipSpec(**fields["spec"])
        for name in ("labels", "mean", "std"):
            fields[name] = _tuple(fields[name])
        if fields.get("abstain") is not None:
            fields["abstain"] = Abstain(**fields["abstain"])
        if fields.get("usual") is not None:
            usual = fields["usual"]
            fields["usual"] = Usual(**(usual | {"scores": tuple(map(_tuple, usual["scores"]))}))
        fields["network"] = {name: _tuple(value) for name, value in fields["network"].items()}
        return Card(**fields)
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise CheckpointMismatch(
            f"{path} has a card that this version cannot read ({error}); "
            "take the version that wrote it, or make the file anew"
        ) from error


def _tuple(value: Any) -> Any:
    """JSON has no tuples; what was one is one again."""
    return tuple(value) if isinstance(value, list) else value
