"""Official checkpoints of SlowFast and its relatives (PySlowFast, PyTorchVideo, caffe2) to ours.

They are pickles. torch's restricted unpickler reads its own, where they hold nothing but tensors and plain values;
caffe2's are read by `pickled`. What these refuse stays refused, and no code of a file is run. The networks are taken as
trained: colours of mean 0.45 and deviation 0.225, and pictures as `OFFICIAL` says.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from recognizers.card import NEVER, Abstain, Card
from recognizers.checkpoint import check_finite, misfits, save
from recognizers.clip import ClipSpec
from recognizers.errors import CheckpointMismatch
from recognizers.files import opened
from recognizers.layouts import Names, layouts_of, renamed, resnet_layers, slowfast_layers, x3d_layers
from recognizers.models.clip_resnet import (
    ClipResNet,
    ClipResNetSize,
    c2d_r50_8x8,
    i3d_r50_8x8,
    slow_only_r50_4x16,
    slow_only_r50_8x8,
)
from recognizers.models.slowfast import PUBLISHED, SlowFast
from recognizers.models.x3d import X3d, x3d_m, x3d_s, x3d_xs
from recognizers.pickled import Refused, plain
from recognizers.transforms import MEAN, STD

HOP_S = 1.0
_TORCH = 0x1950A86A20F9469CFC6C
"""With it begins what torch wrote before it wrote archives."""
_ASKED = re.compile(r"GLOBAL ([\w.]+)")
"""How torch names what a file asks for and does not get."""
_OF_TRAINING = ("momentum", "lr", "model_iter")
_STEMS = {"slow_stem.conv.weight", "fast_stem.conv.weight", "stem.conv.weight", "stem_space.weight"}


@dataclass(frozen=True, slots=True)
class About:
    """What an official file does not say of itself."""

    labels: tuple[str, ...]
    """Of its outputs, in their order."""
    background: str
    """One of the labels; another word is added as a label that wins only where the network abstains."""
    licence: str = ""
    """Of the weights, as their publisher says."""
    multilabel: bool = False
    """Several labels at once (Charades, AVA)."""
    bgr: bool = False
    """Its pictures had blue first, as those of some caffe2 files; the converted network takes red first."""
    abstain: Abstain | None = None
    """When it says the background instead of what it says."""
    actors: bool = False
    """It says what each person does (AVA): a slowfast_actors, which says several labels at once."""
    kind: str = "slowfast"
    """A key of `OFFICIAL`."""
    interval_s: float = 2 / 30
    """Seconds from picture to picture, as it was trained."""
    crop_px: int = 256
    """Side of what it is tested on."""


@dataclass(frozen=True, slots=True)
class Official:
    """Networks of a kind that official weights exist for."""

    network: Callable[[Any, int], nn.Module]
    layers: Callable[[Any], Iterable[Names]]
    sizes: Mapping[str, tuple[Callable[[], Any], float, int]]
    """By name: the numbers, seconds from picture to picture, pixels of a side."""


def _resnet_layers(size: ClipResNetSize) -> Iterable[Names]:
    return resnet_layers(size.depths, size.joined)


OFFICIAL = {
    "slowfast": Official(
        SlowFast,
        lambda size: slowfast_layers(size.depths),
        {name: (size, 2 / 30, 256) for name, size in PUBLISHED.items()},
    ),
    "slow_only": Official(
        ClipResNet,
        _resnet_layers,
        {"r50_4x16": (slow_only_r50_4x16, 16 / 30, 256), "r50_8x8": (slow_only_r50_8x8, 8 / 30, 256)},
    ),
    "c2d": Official(ClipResNet, _resnet_layers, {"r50_8x8": (c2d_r50_8x8, 8 / 30, 256)}),
    "i3d": Official(ClipResNet, _resnet_layers, {"r50_8x8": (i3d_r50_8x8, 8 / 30, 256)}),
    "x3d": Official(
        X3d,
        lambda size: x3d_layers(size.depths),
        {"xs": (x3d_xs, 12 / 30, 182), "s": (x3d_s, 6 / 30, 182), "m": (x3d_m, 5 / 30, 256)},
    ),
}
"""By kind."""


def convert(source: Path, target: Path, size: Any, about: About) -> Card:
    """Write `target` from an official checkpoint; `size` are the numbers of the network in it.

    Raises:
        CheckpointMismatch: `source` cannot be read safely or does not fit; names every key that does not.
        ValueError: the labels repeat or are empty.
        OSError: `target` cannot be written.
    """
    official = read_official(source)
    tensors = from_official(official, size, len(about.labels), str(source), about.kind)
    labels = about.labels
    if about.background not in labels:
        labels = (*labels, about.background)
        tensors["head.weight"] = nn.functional.pad(tensors["head.weight"], (0, 0, 0, 1))
        tensors["head.bias"] = nn.functional.pad(tensors["head.bias"], (0, 1), value=NEVER)
    if about.bgr:
        for stem in _STEMS & tensors.keys():
            tensors[stem] = tensors[stem].flip(1)
    if about.actors:
        size = replace(size, dilated=True)
        tensors = {f"trunk.{name}": tensor for name, tensor in tensors.items()}
    card = Card(
        kind="slowfast_actors" if about.actors else about.kind,
        labels=labels,
        background=about.background,
        spec=ClipSpec(size.frames, about.interval_s, HOP_S, about.crop_px),
        crop_px=about.crop_px,
        mean=MEAN,
        std=STD,
        network=asdict(size),
        multilabel=about.multilabel or about.actors,
        abstain=about.abstain,
        licence=about.licence,
        trained={"converted_from": source.name},
    )
    save(target, card, tensors)
    return card


def read_official(path: Path) -> dict[str, Tensor]:
    """The weights of an official checkpoint, by their official names. Runs no code of the file.

    Raises:
        CheckpointMismatch: the restricted unpickler refuses it, or it holds something else than weights.
    """
    try:
        held = _plain(path)
    except OSError as error:
        raise CheckpointMismatch(f"cannot read {path}: {error.strerror}; check the path") from error
    except Refused as error:
        raise CheckpointMismatch(
            f"{path} cannot be read safely ({error}); only files that hold nothing but weights are converted: "
            "save it where you trust it with torch.save(network.state_dict(), …)"
        ) from error
    if isinstance(held, dict) and isinstance(held.get("blobs"), dict):
        return _blobs(held["blobs"], str(path))
    state = held.get("model_state", held) if isinstance(held, dict) else held
    if not (isinstance(state, dict) and state and all(isinstance(tensor, Tensor) for tensor in state.values())):
        raise CheckpointMismatch(
            f"{path} holds no weights; give a state_dict, bare or under `model_state`, or caffe2's `blobs`"
        )
    if others := [str(name) for name, tensor in state.items() if not (isinstance(name, str) and _is_dense(tensor))]:
        raise CheckpointMismatch(
            f"{path} has weights that are not plain numbers by a name (quantised, sparse, without contents): "
            f"{', '.join(others[:5])}; save them as the network is trained"
        )
    return {_of_a_classifier(name): tensor for name, tensor in state.items()}


def _is_dense(tensor: Tensor) -> bool:
    return tensor.layout is torch.strided and not tensor.is_quantized and tensor.device.type == "cpu"


def _of_a_classifier(name: str) -> str:
    """PyTorchVideo keeps a network that says what people do in two parts, its trunk and what is asked about each."""
    return name.replace("detection_head.proj", "blocks.6.proj").removeprefix("model.")


def _plain(path: Path) -> Any:
    """What a file of torch or caffe2 holds.

    Raises:
        Refused: something else than weights and plain values.
        OSError: it cannot be read.
    """
    with opened(path) as file:
        of_torch = file.read(4) == b"PK\x03\x04"
        if not of_torch:
            file.seek(0)
            held = plain(file.read())
            if not isinstance(held, int) or held != _TORCH:
                return held
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # whatever a damaged file drives the unpickler to
        # Not torch's words, which advise to run the code.
        asked = _ASKED.search(str(error))
        raise Refused(f"it asks for {asked[1]}, which is code" if asked else "it is damaged, or holds code") from error


def _blobs(blobs: Mapping[str, Any], origin: str) -> dict[str, Tensor]:
    """caffe2's weights, without what it kept for training."""
    kept = {name: blob for name, blob in blobs.items() if not str(name).endswith(_OF_TRAINING)}
    others = [
        str(name)
        for name, blob in kept.items()
        if not (isinstance(name, str) and isinstance(blob, np.ndarray) and blob.dtype.kind == "f")
    ]
    if others:
        raise CheckpointMismatch(f"{origin} has blobs that are no weights: {', '.join(sorted(others)[:5])}")
    return {name: torch.from_numpy(np.ascontiguousarray(blob)) for name, blob in kept.items()}


def from_official(
    official: Mapping[str, Tensor], size: Any, classes: int, origin: str, kind: str = "slowfast"
) -> dict[str, Tensor]:
    """The same weights by our names, strictly; the layout is told from the names.

    Raises:
        CheckpointMismatch: names every key that is missing, unknown or of another shape, or not finite.
    """
    ours = OFFICIAL[kind].network(size, classes).state_dict()
    layers = tuple(OFFICIAL[kind].layers(size))
    layouts = {layout: renamed(ours, layers, layout) for layout in layouts_of(layers)}
    if "pyslowfast" not in layouts and any(name.startswith("s1.pathway0_stem.") for name in official):
        raise CheckpointMismatch(f"{origin}: PySlowFast's {kind} is another network; take PyTorchVideo's")
    layout = max(layouts, key=lambda one: len(official.keys() & set(layouts[one].values())))
    theirs = layouts[layout]
    wanted = {theirs[name]: ours[name] for name in theirs}
    if layout == "caffe2":  # it leaves out axes of length 1
        official = {name: _as_wide(tensor, wanted.get(name)) for name, tensor in official.items()}
    if problems := misfits(wanted, official):
        raise CheckpointMismatch(
            f"{origin} is no {layout} checkpoint of this size with {classes} labels; give the right size and labels. "
            + "\n".join([f"{len(problems)} keys do not fit:", *problems])
        )
    check_finite(official, origin)
    return {
        name: official[theirs[name]].to(tensor.dtype) if name in theirs else torch.zeros_like(tensor)
        for name, tensor in ours.items()
    }


def _as_wide(tensor: Tensor, wanted: Tensor | None) -> Tensor:
    """With as many axes as are wanted; those that are missing have length 1."""
    missing = 0 if wanted is None else wanted.dim() - tensor.dim()
    return tensor.reshape(*tensor.shape, *[1] * max(0, missing))
