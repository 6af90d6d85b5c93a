"""Official SlowFast checkpoints (PySlowFast, PyTorchVideo) to ours.

They are pickles. torch's restricted unpickler reads those that hold nothing but tensors and plain values; what it
refuses stays refused. The networks are taken as trained: RGB of mean 0.45 and deviation 0.225, 32 pictures at
15 a second, 256 pixels, one label a clip (softmax).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from recognizers.checkpoint import Card, check_finite, misfits, save
from recognizers.clip import ClipSpec
from recognizers.errors import CheckpointMismatch
from recognizers.layouts import LAYOUTS, renamed
from recognizers.models.slowfast import SlowFast, SlowFastSize
from recognizers.transforms import MEAN, STD

CROP_PX = 256
INTERVAL_S = 2 / 30
HOP_S = 1.0
NEVER = -1e4
"""Logit of an added background: its score is exactly 0, and the others are what they were."""


def convert(source: Path, target: Path, size: SlowFastSize, labels: Sequence[str], background: str) -> Card:
    """Write `target` from an official checkpoint.

    Args:
        size: the numbers of the network in `source`.
        labels: of its outputs, in their order.
        background: one of the labels; another word is added as a label that never wins.

    Raises:
        CheckpointMismatch: `source` cannot be read safely or does not fit; names every key that does not.
        ValueError: the labels repeat or are empty.
        OSError: `target` cannot be written.
    """
    official = read_official(source)
    tensors = from_official(official, size, len(labels), str(source))
    if background not in labels:
        labels = (*labels, background)
        tensors["head.weight"] = nn.functional.pad(tensors["head.weight"], (0, 0, 0, 1))
        tensors["head.bias"] = nn.functional.pad(tensors["head.bias"], (0, 1), value=NEVER)
    card = Card(
        kind="slowfast",
        labels=tuple(labels),
        background=background,
        spec=ClipSpec(size.frames, INTERVAL_S, HOP_S, CROP_PX),
        crop_px=CROP_PX,
        mean=MEAN,
        std=STD,
        network=asdict(size),
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
        held: Any = torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise CheckpointMismatch(f"cannot read {path}: {error.strerror}; check the path") from error
    except Exception as error:  # whatever a damaged file drives the unpickler to
        raise CheckpointMismatch(
            f"{path} cannot be read safely; only files that torch.load(weights_only=True) takes are converted: "
            f"save it where you trust it with torch.save(network.state_dict(), …) ({_first_line(error)})"
        ) from error
    state = held.get("model_state", held) if isinstance(held, dict) else held
    if not isinstance(state, dict) or not all(isinstance(tensor, Tensor) for tensor in state.values()):
        raise CheckpointMismatch(f"{path} holds no weights; give a state_dict, bare or under `model_state`")
    return dict(state)


def from_official(official: Mapping[str, Tensor], size: SlowFastSize, classes: int, origin: str) -> dict[str, Tensor]:
    """The same weights by our names, strictly; the layout is told from the names.

    Raises:
        CheckpointMismatch: names every key that is missing, unknown or of another shape, or not finite.
    """
    ours = SlowFast(size, classes).state_dict()
    layouts = {layout: renamed(ours, size.depths, layout) for layout in LAYOUTS}
    layout = max(LAYOUTS, key=lambda one: len(official.keys() & set(layouts[one].values())))
    theirs = layouts[layout]
    if problems := misfits({theirs[name]: tensor for name, tensor in ours.items()}, official):
        raise CheckpointMismatch(
            f"{origin} is no {layout} checkpoint of this size with {classes} labels; give the right size and labels. "
            + "\n".join([f"{len(problems)} keys do not fit:", *problems])
        )
    check_finite(official, origin)
    return {name: official[theirs[name]].to(tensor.dtype) for name, tensor in ours.items()}


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
