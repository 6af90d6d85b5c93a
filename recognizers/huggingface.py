"""Video classifiers as Hugging Face's `transformers` saves them: what their folder says, read without torch.

A folder holds `config.json`, the preprocessor's numbers and `model.safetensors`. Pickled weights and code of the
folder's own are refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recognizers.card import Abstain, Card, check_whole
from recognizers.checked import number, shown, whole
from recognizers.clip import MOST_FRAMES, MOST_PX, ClipSpec
from recognizers.errors import CheckpointMismatch
from recognizers.files import is_folder, opened

KIND = "huggingface"
INTERVALS_S: Mapping[str, float] = {
    "videomae": 4 / 30,  # Tong et al., 2022: 16 pictures, every 4th of 30 a second
    "timesformer": 32 / 30,  # Bertasius et al., 2021: 8 pictures, every 32nd
    "vivit": 2 / 30,  # Arnab et al., 2021: 32 pictures, every 2nd
    "vjepa2": 2 / 30,
}
"""Seconds between the pictures of a clip, by model type, as they were trained on Kinetics; files do not say so."""
NOTHING = "none"
"""The label that is added where none of the model's own means that nothing goes on."""
_HUB = "hub:"
_COMMIT = re.compile(r"[0-9a-f]{40}")
_NAMED = re.compile(r"(?P<name>[\w.-]+/[\w.-]+)(@(?P<revision>[\w.-]+))?")
_PREPROCESSORS = ("video_preprocessor_config.json", "preprocessor_config.json")
_IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the configuration says instead of the folder."""

    background: str | None = None
    """The label that means none of the actions; `None`: one is added."""
    interval_s: float | None = None
    hop_s: float | None = None
    abstain: Abstain | None = None


@dataclass(frozen=True, slots=True)
class OfTheHub:
    """A model that the hub knows."""

    name: str
    """`owner/name`."""
    revision: str | None
    """`None`: the one that this machine has."""


def source_of(checkpoint: str, fetches: bool) -> Path | OfTheHub:
    """Where a model is: `hub:owner/name[@REVISION]`, or else a folder of this machine.

    Args:
        fetches: whether the hub may be asked for it; then the revision must be the hash of a commit, which names the
            same files for ever. A branch or a tag can be moved, and other weights would come by the same name.

    Raises:
        CheckpointMismatch: there is no such folder; it is no name of the hub, or has no commit where it needs one.
    """
    if not checkpoint.startswith(_HUB):
        if is_folder(Path(checkpoint)):
            return Path(checkpoint)
        raise CheckpointMismatch(
            f"no such folder: {checkpoint}; check the path, or give a model of the hub as hub:owner/name@COMMIT"
        )
    match = _NAMED.fullmatch(checkpoint.removeprefix(_HUB))
    if match is None:
        raise CheckpointMismatch(f"{checkpoint} is no name of the hub; give hub:owner/name@COMMIT")
    revision = match["revision"]
    if fetches and not _COMMIT.fullmatch(revision or ""):
        what = "has no revision" if revision is None else f"has a revision that may be a branch or a tag, {revision}"
        raise CheckpointMismatch(
            f"{checkpoint} {what}, and what the hub has by such a name may change from one start to the next; "
            f"fetch: true needs {_HUB}{match['name']}@COMMIT, the 40 digits of a commit in its history"
        )
    return OfTheHub(match["name"], revision)


def folder_card(folder: Path, wanted: Wanted) -> Card:
    """What a folder says of its model. `network` holds the type, the outputs, and the share of the central square's
    side that the model saw in its training.

    Raises:
        CheckpointMismatch: it is no folder of a video classifier, or its weights are pickled; says what to do.
    """
    config = _json(folder / "config.json")
    if config is None:
        raise CheckpointMismatch(f"{folder} has no config.json; give the folder of a video classifier")
    kind = str(config.get("model_type"))
    if kind not in INTERVALS_S:
        raise CheckpointMismatch(f"{folder} holds a model of type {kind!r}; there are: {', '.join(INTERVALS_S)}")
    check_weights(folder)
    try:
        return _card(kind, config, _preprocessor(folder), wanted)
    except ValueError as error:
        raise CheckpointMismatch(f"{folder} does not describe a video classifier ({error})") from error


def check_weights(folder: Path) -> None:
    """Raises CheckpointMismatch where there are no weights, not all of them, or none that can be read without running
    code."""
    if weights := sorted(folder.glob("*.safetensors")):
        for one in weights:
            check_whole(one)
        return
    if pickled := sorted(path.name for path in folder.iterdir() if path.suffix in (".bin", ".pt", ".pth", ".pkl")):
        raise CheckpointMismatch(
            f"{folder} has its weights in {', '.join(pickled)}, a pickle, which can run code when it is read; "
            "take a version with model.safetensors, or save one where you trust it"
        )
    raise CheckpointMismatch(f"{folder} has no model.safetensors; copy the whole folder")


def _card(kind: str, config: Mapping[str, Any], preprocessor: Mapping[str, Any], wanted: Wanted) -> Card:
    outputs = _labels(config.get("id2label"))
    background = wanted.background or NOTHING
    if wanted.background is not None and background not in outputs:
        raise ValueError(f"there is no label {background!r} for the background")
    frames = config.get("num_frames", config.get("frames_per_clip"))
    whole("num_frames (or frames_per_clip)", frames, 1, MOST_FRAMES)
    crop_px = _crop(config, preprocessor)
    interval_s = wanted.interval_s or _interval(kind, preprocessor)
    mean, std = _colours(preprocessor)
    return Card(
        kind=KIND,
        labels=outputs if background in outputs else (*outputs, background),
        background=background,
        spec=ClipSpec(frames, interval_s, wanted.hop_s or max(interval_s, frames * interval_s / 2), crop_px),
        crop_px=crop_px,
        mean=mean,
        std=std,
        network={"type": kind, "outputs": len(outputs), "seen": _seen(preprocessor, crop_px)},
        multilabel=config.get("problem_type") == "multi_label_classification",
        abstain=wanted.abstain,
        licence=str(config.get("license") or ""),
    )


def _labels(named: Any) -> tuple[str, ...]:
    """Of the outputs, which are numbered from 0."""
    if not isinstance(named, dict):
        raise ValueError(f"id2label is {shown(named)}; it must say the label of each output")
    if lacking := [number for number in range(len(named)) if str(number) not in named]:
        raise ValueError(f"id2label has {len(named)} labels and none for output {lacking[0]}")
    return tuple(named[str(number)] for number in range(len(named)))


def _crop(config: Mapping[str, Any], preprocessor: Mapping[str, Any]) -> int:
    """Pixels of a side of what the model is shown."""
    cropped, taken = _square(preprocessor.get("crop_size")), _square(config.get("image_size", config.get("crop_size")))
    if cropped is not None and taken is not None and cropped != taken:
        raise ValueError(f"the preprocessor leaves {cropped} pixels of a side where the model takes {taken}")
    crop_px: Any = taken if cropped is None else cropped
    if crop_px is None:
        raise ValueError("neither the preprocessor nor the model says a crop_size or image_size, pixels of a square")
    whole("crop_size (or image_size)", crop_px, 1, MOST_PX)
    return int(crop_px)


def _interval(kind: str, preprocessor: Mapping[str, Any]) -> float:
    fps = preprocessor.get("fps")
    if fps is None:
        return INTERVALS_S[kind]
    number("fps", fps, 1e-3, 1e3)
    return float(1 / fps)


def _preprocessor(folder: Path) -> Mapping[str, Any]:
    for name in _PREPROCESSORS:
        if (found := _json(folder / name)) is not None:
            return found
    return {}


def _colours(preprocessor: Mapping[str, Any]) -> tuple[Any, Any]:
    """Mean and deviation of RGB in [0, 1]; files may bring pixels into another range first, and move them by 1."""
    mean, std = preprocessor.get("image_mean", _IMAGENET[0]), preprocessor.get("image_std", _IMAGENET[1])
    for name, numbers in (("image_mean", mean), ("image_std", std)):
        if not isinstance(numbers, list | tuple) or len(numbers) != 3:
            raise ValueError(f"{name} is {shown(numbers)}; it must have three numbers")
        for one in numbers:
            number(name, one, -1e6, 1e6)
    if preprocessor.get("do_normalize") is False:
        mean, std = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)
    factor = preprocessor.get("rescale_factor", 1 / 255)
    number("rescale_factor", factor, 1e-6, 1e6)
    stretch = 255 * factor if preprocessor.get("do_rescale", True) else 255.0
    moved = 1.0 if preprocessor.get("offset", False) else 0.0
    return tuple((one + moved) / stretch for one in mean), tuple(one / stretch for one in std)


def _seen(preprocessor: Mapping[str, Any], crop_px: int) -> float:
    """The share of the central square's side that is left by resizing and cropping."""
    size = preprocessor.get("size")
    shortest = size.get("shortest_edge") if isinstance(size, dict) else size
    if preprocessor.get("do_center_crop") is False or not isinstance(shortest, int):
        return 1.0
    whole("size.shortest_edge", shortest, 1, MOST_PX)
    return min(1.0, crop_px / shortest)


def _square(size: Any) -> Any:
    """The side of a square, however it is written; `None` where it is none."""
    if isinstance(size, dict):
        return size.get("height") if size.get("height") == size.get("width") else None
    return size[0] if isinstance(size, list) and len(size) == 2 and size[0] == size[1] else size


def _json(path: Path) -> dict[str, Any] | None:
    """What a file says; `None` where there is none."""
    try:
        with opened(path) as file:
            held = json.loads(file.read())
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        raise CheckpointMismatch(f"{path} cannot be read ({error}); copy the folder again") from error
    if not isinstance(held, dict):
        raise CheckpointMismatch(f"{path} holds no JSON object; copy the folder again")
    return held
