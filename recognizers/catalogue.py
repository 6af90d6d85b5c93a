"""Every model by its name: bundled checkpoints, named sizes of networks (with or without weights), downloads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from torch import nn

from recognizers.build import BUILDERS
from recognizers.card import BUNDLED, Card, checkpoint_path, read_card
from recognizers.checkpoint import load
from recognizers.clip import ClipSpec
from recognizers.cost import gmac, measured, parameters
from recognizers.errors import CheckpointMismatch
from recognizers.estimators.downloads import DOWNLOADS, cache_folder
from recognizers.families import FAMILIES, network_of
from recognizers.huggingface import Wanted
from recognizers.kinds import KINDS
from recognizers.nn.network import Size
from recognizers.runtimes.huggingface import load as load_folder
from recognizers.transforms import MEAN, STD

CROP_PX, INTERVAL_S, HOP_S, CLASSES = 224, 2 / 30, 1.0, 400
"""What is assumed of a network without weights: as the published ones are compared."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A model that has a name."""

    name: str
    origin: str
    """`bundled`, `size` (a network without weights) or `download`."""
    kind: str | None
    """Of a network."""
    about: str
    """In a few words."""


@dataclass(frozen=True, slots=True)
class _Pictures:
    """The only number of a network of others that we know."""

    frames: int


@dataclass(frozen=True, slots=True)
class Described:
    """A network and what it takes."""

    name: str
    card: Card
    """Of a network without weights: what is assumed, with labels that say nothing."""
    network: nn.Module
    size: Size
    bytes: int | None
    """Of its file; none where it has no weights."""

    @property
    def parameters(self) -> int:
        return parameters(self.network)

    @property
    def gmac(self) -> float:
        return gmac(self.network, self.size, self.card.crop_px)


def entries(environment: Mapping[str, str]) -> Iterator[Entry]:
    """All that have a name. Which downloads are there already is seen in the environment's cache folder."""
    for path in sorted(BUNDLED.glob("*.safetensors")):
        card = read_card(path)
        yield Entry(f"bundled:{path.stem}", "bundled", card.kind, f"{card.kind}: {', '.join(card.actions)}")
    for name, (kind, _) in _sizes():
        yield Entry(name, "size", kind, f"{kind} without weights")
    for name, download in DOWNLOADS.items():
        is_there = (cache_folder(environment) / download.file).is_file()
        where = "is there" if is_there else f"get it with `takt models get {name}`"
        yield Entry(name, "download", None, f"{download.file}, {download.licence}; {where}")


def described(name: str, crop_px: int | None = None) -> Described:
    """A checkpoint (a path or `bundled:NAME`), the folder of a Hugging Face video classifier, or a network without
    weights (`KIND_SIZE`).

    Args:
        crop_px: side of the pictures, for a network without weights.

    Raises:
        CheckpointMismatch: there is no such model, or its file cannot be read.
    """
    if name in (sizes := dict(_sizes())):
        return _without_weights(name, *sizes[name], crop_px or CROP_PX)
    path = checkpoint_path(name)
    if path.is_dir():
        video, card = load_folder(name, Wanted(), fetches=False)
        held = sum(one.stat().st_size for one in path.glob("*.safetensors"))
        return Described(name, card, video, _Pictures(card.spec.frames), held)
    if not path.exists():
        raise CheckpointMismatch(f"no model {name}; give the path of a checkpoint, or a name of `takt models list`")
    card, tensors = load(path)
    network = network_of(card, tensors, str(path))
    size = FAMILIES[card.kind].described(card.network)
    return Described(name, card, network, size, path.stat().st_size)


def facts(one: Described) -> dict[str, Any]:
    """In plain keys, for people and machines."""
    card, spec, known = one.card, one.card.spec, {}
    if one.bytes is not None:
        known = {
            "labels": list(card.labels),
            "background": card.background,
            "multilabel": card.multilabel,
            "abstain": None if card.abstain is None else asdict(card.abstain),
            "known_above": card.trained.get("known_above"),
            "temperature": card.temperature,
            "thresholds": dict(card.thresholds) or None,
            "licence": card.licence or None,
        }
    clip = {"frames": spec.frames, "interval_s": spec.interval_s, "hop_s": spec.hop_s, "span_s": round(spec.span_s, 4)}
    return {
        "name": one.name,
        "kind": card.kind,
        **known,
        "clip": clip if known else {"frames": spec.frames},
        "crop_px": card.crop_px,
        "parameters": one.parameters,
        "gmac": round(one.gmac, 4),
        "bytes": one.bytes,
    }


def measured_here(one: Described, threads: int, runtime: str) -> dict[str, Any] | None:
    """What a decision costs on this machine, whatever the weights; `None` for kinds that need something else besides,
    which costs more than they do.

    Raises:
        CheckpointMismatch: the runtime is not installed.
    """
    if KINDS[one.card.kind].finder is not None:
        return None
    options = {"threads": threads, "runtime": runtime}
    recognizer = BUILDERS[one.card.kind](one.network.eval(), one.card, options)
    return asdict(measured(recognizer, threads, runtime))


def _sizes() -> Iterator[tuple[str, tuple[str, Size]]]:
    for kind, family in FAMILIES.items():
        for name, make in family.sizes.items():
            yield f"{kind}_{name}", (kind, make())


def _without_weights(name: str, kind: str, size: Any, crop_px: int) -> Described:
    labels = tuple(f"label {n}" for n in range(CLASSES))
    spec = ClipSpec(size.frames, INTERVAL_S, HOP_S, crop_px)
    card = Card(kind, labels, labels[0], spec, crop_px, MEAN, STD, network=asdict(size))
    return Described(name, card, FAMILIES[kind].network(size, CLASSES), size, None)
