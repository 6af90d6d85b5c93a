"""A checkpoint's card: what it sees, what it says, how it was trained. Read from the file's header, without torch."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from recognizers.checked import is_number, is_word, number, shown, truth, whole
from recognizers.clip import MOST_PX, ClipSpec
from recognizers.errors import CheckpointMismatch
from recognizers.files import is_file, opened
from recognizers.kinds import FRACTIONS, mislabelled

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

Made = TypeVar("Made", "Card", ClipSpec, "Abstain", "Usual")

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
            raise ValueError(f"abstain.by is {shown(self.by)}; there are: {', '.join(MEASURES)}")
        if not (is_number(self.threshold) and math.isfinite(self.threshold)):
            raise ValueError(f"abstain.threshold is {shown(self.threshold)}; it must be a finite number")


@dataclass(frozen=True, slots=True)
class Usual:
    """What a network says of clips like those that it was taught: by which it is seen that live ones are others."""

    scores: tuple[tuple[float, ...], ...]
    """By the label that scores best: how clips spread over equal steps of that score, as shares; zeros where it never
    did."""
    familiar: float
    """The energy (`MEASURES`) that nineteen of twenty clips reach: less is unfamiliar."""
    limits: Mapping[str, float]
    """Of live measures (`streamer.drift`): more is drift. `scores` (population stability index), `unfamiliar`,
    `distant` and `abstained` (shares)."""
    centres: tuple[tuple[float, ...], ...] = ()
    """By label, the mean logits of clips that show it; empty: no distance is told. Logits are the features as the
    network's last layer projects them, and what every runtime gives."""
    widths: tuple[float, ...] = ()
    """How far each logit usually is from the clip's own centre (root mean square), over all labels."""
    near: float = 0.0
    """The distance from the nearest centre, in widths, within which nineteen of twenty clips are: more is distant."""

    def __post_init__(self) -> None:
        _check_rows("usual.scores", self.scores, 0, 1)
        _check_rows("usual.centres", self.centres, -1e38, 1e38)
        _check_rows("usual.widths", (self.widths,), 1e-6, 1e38)
        number("usual.familiar", self.familiar, -1e38, 1e38)
        number("usual.near", self.near, 0, 1e38)
        if not isinstance(self.limits, Mapping):
            raise ValueError(f"usual.limits is {shown(self.limits)}; it must be an object")
        for name, limit in self.limits.items():
            number(f"usual.limits.{name}", limit, 0, 1e6)

    def check_for(self, labels: int) -> None:
        """Raises ValueError where it is not of so many labels."""
        if len(self.scores) != labels:
            raise ValueError(f"usual.scores has {len(self.scores)} lists for {labels} labels")
        if self.centres and not len(self.centres) == len(self.centres[0]) == len(self.widths) == labels:
            raise ValueError(f"usual.centres must be {labels} lists of {labels} numbers, and usual.widths as many")


def _check_rows(name: str, rows: object, least: float, most: float) -> None:
    if not (isinstance(rows, tuple) and all(isinstance(row, tuple) for row in rows)):
        raise ValueError(f"{name} are {shown(rows)}; they must be lists")
    if len({len(row) for row in rows}) > 1:
        raise ValueError(f"{name} has lists of different lengths")
    for one in (one for row in rows for one in row):
        number(name, one, least, most)


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
        if not is_word(self.kind):
            raise ValueError(f"kind is {shown(self.kind)}; it must be a word")
        self._check_labels()
        whole("crop_px", self.crop_px, 1, MOST_PX)
        self._check_colours()
        number("temperature", self.temperature, 1e-3, 1e3)
        truth("multilabel", self.multilabel)
        if not isinstance(self.licence, str):
            raise ValueError(f"licence is {shown(self.licence)}; it must be a text")
        for name, held in (("network", self.network), ("trained", self.trained), ("thresholds", self.thresholds)):
            if not isinstance(held, Mapping):
                raise ValueError(f"{name} is {shown(held)}; it must be an object")
        self._check_network()
        _check_thresholds(self.thresholds, self.actions)
        if self.usual is not None:
            self.usual.check_for(len(self.labels))

    def _check_labels(self) -> None:
        if not isinstance(self.labels, tuple):
            raise ValueError(f"labels are {shown(self.labels)}; they must be a list of words")
        if wrong := [label for label in self.labels if not is_word(label)]:
            raise ValueError(f"labels hold {shown(wrong[0])}; each must be a word, of one line that can be shown")
        if self.background not in self.labels:
            raise ValueError(f"background {shown(self.background)} is not among the labels {shown(self.labels)}")
        if len(set(self.labels)) != len(self.labels):
            raise ValueError(f"labels repeat: {shown(self.labels)}")

    def _check_colours(self) -> None:
        if not all(isinstance(one, tuple) and len(one) == 3 for one in (self.mean, self.std)):
            raise ValueError(f"mean is {shown(self.mean)} and std is {shown(self.std)}; each has three numbers")
        for mean, std in zip(self.mean, self.std, strict=True):
            number("mean", mean, -1e4, 1e4)
            number("std", std, 1e-4, 1e4)

    def _check_network(self) -> None:
        """What each number must be is known to the network alone; that most are whole, is to be told without torch."""
        for name, held in self.network.items():
            for one in held if isinstance(held, tuple) else (held,):
                if not isinstance(one, str | int | float | None):
                    raise ValueError(f"network.{name} is {shown(held)}; it must be of numbers and words")
                if isinstance(one, float) and not (name in FRACTIONS and math.isfinite(one)):
                    raise ValueError(f"network.{name} is {shown(held)}; it must be of whole numbers")

    @property
    def actions(self) -> tuple[str, ...]:
        """The labels that can become events."""
        return tuple(label for label in self.labels if label != self.background)


def _check_thresholds(thresholds: Mapping[str, float], actions: tuple[str, ...]) -> None:
    for action, threshold in thresholds.items():
        if action not in actions or not is_number(threshold) or not 0 < threshold <= 1:
            raise ValueError(
                f"threshold {shown(threshold)} of {action!r}; it must be in (0, 1], of one of {shown(actions)}"
            )


def checkpoint_path(named: str | Path) -> Path:
    """`bundled:NAME` is a checkpoint that ships with the package; anything else is a path."""
    text = str(named)
    if not text.startswith("bundled:"):
        return Path(named)
    path = BUNDLED / f"{text.removeprefix('bundled:')}.safetensors"
    if not is_file(path):
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
        with opened(path) as file:
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


def check_whole(path: Path) -> None:
    """Raises CheckpointMismatch where a safetensors file is missing, damaged or cut short; no tensor is read."""
    try:
        with opened(path) as file:
            _header(path, file)
    except OSError as error:
        raise CheckpointMismatch(f"cannot read {path}: {error.strerror}; check the path") from error


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
        held = _object("the card", json.loads(described))
        read = {name: _tuple(value) if name in ("labels", "mean", "std") else value for name, value in held.items()}
        if "spec" in held:
            read["spec"] = _made(ClipSpec, "spec", held["spec"])
            if read["spec"].continual:
                raise ValueError("spec.continual is true; only what runs a network can make it so")
        if held.get("abstain") is not None:
            read["abstain"] = _made(Abstain, "abstain", held["abstain"])
        if held.get("usual") is not None:
            read["usual"] = _usual(held["usual"])
        if isinstance(held.get("network"), dict):
            read["network"] = {name: _tuple(value) for name, value in held["network"].items()}
        return _made(Card, "the card", read)
    except (ValueError, RecursionError) as error:
        raise CheckpointMismatch(
            f"{path} has a card that this version cannot read ({error}); "
            "take the version that wrote it, or make the file anew"
        ) from error


def _usual(held: object) -> Usual:
    usual = _object("usual", held)
    return _made(Usual, "usual", {name: _tuples(one) for name, one in usual.items()})


def _tuples(value: Any) -> Any:
    return tuple(map(_tuple, value)) if isinstance(value, list) else value


def _made(kind: type[Made], name: str, held: object) -> Made:
    """One of a kind, of its fields.

    Raises:
        ValueError: one is missing, unknown or wrong.
    """
    given, known = _object(name, held), {one.name: one for one in fields(kind)}
    if unknown := sorted(given.keys() - known.keys()):
        raise ValueError(f"{name} has {', '.join(map(shown, unknown))}, which mean nothing")
    needed = (one.name for one in known.values() if one.default is MISSING and one.default_factory is MISSING)
    if lacking := [one for one in needed if one not in given]:
        raise ValueError(f"{name} lacks {', '.join(lacking)}")
    return kind(**given)


def _object(name: str, held: object) -> dict[str, Any]:
    if not isinstance(held, dict):
        raise ValueError(f"{name} is {shown(held)}; it must be an object")
    return held


def _tuple(value: Any) -> Any:
    """JSON has no tuples; what was one is one again."""
    return tuple(value) if isinstance(value, list) else value
