"""Video classifiers of `transformers` behind the `Recognizer` seam. Its only door.

No code but that of the installed library runs, whatever a folder brings along (`trust_remote_code` is never given), and
weights are safetensors. Nothing is fetched unless it is asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from recognizers.card import NEVER, Card
from recognizers.clip import Clip, ClipSpec, Picture
from recognizers.errors import CheckpointMismatch
from recognizers.huggingface import OfTheHub, Wanted, check_weights, folder_card, source_of
from recognizers.recognizer import Answer, State
from recognizers.runtimes.answers import answers, on_device, own_device
from recognizers.transforms import crop_to_region, normalised, square

_TAKEN = ["*.json", "*.safetensors"]
"""What is taken of a hub's folder; never code, never a pickle."""


def is_installed() -> bool:
    return find_spec("transformers") is not None


class VideoClassifier(nn.Module):
    """A classifier of `transformers` as our own networks are: `(N, 3, T, H, W)` normalised → `(N, classes)` logits."""

    def __init__(self, model: Any, card: Card) -> None:
        super().__init__()
        self.model = model
        self._added = len(card.labels) - card.network["outputs"]

    def forward(self, clips: Tensor) -> Tensor:
        logits: Tensor = self.model(**{self.model.main_input_name: clips.transpose(1, 2)}).logits
        return F.pad(logits, (0, self._added), value=NEVER)


class HuggingFaceRecognizer:
    """A video classifier of `transformers`, on a GPU where there is one. Each clip is looked at anew."""

    background: str
    labels: tuple[str, ...]
    spec: ClipSpec

    def __init__(self, network: VideoClassifier, card: Card, threads: int) -> None:
        self.spec, self.labels, self.background = card.spec, card.labels, card.background
        self._card, self._threads, self._device = card, threads, own_device()
        self._network = network.eval().to(self._device)

    def recognize(self, clips: Sequence[Clip], states: Sequence[State | None]) -> list[Answer]:
        """Answer each clip. Safe to call from one thread at a time.

        Raises:
            OutOfDeviceMemory: fewer clips at once may fit.
            DeviceFailed: not these; the next may be answered.
        """
        if not clips:
            return []
        with on_device(self._threads, len(clips)):
            pictures = torch.stack([self._pictures(clip) for clip in clips]).to(self._device)
            logits = self._network(normalised(pictures, self._card.mean, self._card.std))
            return answers(clips, logits, self._card, [None] * len(clips))

    def _pictures(self, clip: Clip) -> Tensor:
        """`(T, 3, crop, crop)` uint8."""
        shown = [crop_to_region(picture, clip.region) for picture in clip.pictures]
        return square([_middle(picture, self._card.network["seen"]) for picture in shown], self._card.crop_px)


def load(checkpoint: str, wanted: Wanted, fetches: bool) -> tuple[VideoClassifier, Card]:
    """The network of a folder, or of `hub:owner/name[@REVISION]`, and what is said of it.

    Args:
        fetches: whether a model that is not on this machine may be fetched from the hub, which needs the revision.

    Raises:
        CheckpointMismatch: it is not there, is no video classifier, would need code of its own, or has pickled weights;
            or `transformers` is not installed.
    """
    if not is_installed():
        raise CheckpointMismatch("kind huggingface needs transformers; pip install 'taktstream[huggingface]'")
    source = source_of(checkpoint, fetches)
    folder = _of_the_hub(source, fetches) if isinstance(source, OfTheHub) else source
    card = folder_card(folder, wanted)
    return VideoClassifier(_model(folder), card), card


def _of_the_hub(model: OfTheHub, fetches: bool) -> Path:
    from huggingface_hub import snapshot_download  # noqa: PLC0415 - optional
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError  # noqa: PLC0415

    try:
        return Path(
            snapshot_download(model.name, revision=model.revision, allow_patterns=_TAKEN, local_files_only=not fetches)
        )
    except LocalEntryNotFoundError as error:
        what = "the hub cannot be reached" if fetches else "fetch: true lets it be fetched"
        raise CheckpointMismatch(f"{model.name} is not on this machine; {what}, or give a folder") from error
    except (HfHubHTTPError, OSError, ValueError) as error:
        raise CheckpointMismatch(f"{model.name} cannot be fetched ({_first_line(error)})") from error


def _model(folder: Path) -> Any:
    """Of the folder's `config.json` and safetensors, strictly."""
    check_weights(folder)
    from transformers import AutoModelForVideoClassification  # noqa: PLC0415 - optional, and slow to import
    from transformers.utils import logging  # noqa: PLC0415

    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        model, told = AutoModelForVideoClassification.from_pretrained(
            folder,
            dtype=torch.float32,  # as pictures are, whatever the folder was saved in
            trust_remote_code=False,
            use_safetensors=True,
            local_files_only=True,
            ignore_mismatched_sizes=True,  # they are named and refused below
            output_loading_info=True,
        )
    except Exception as error:  # whatever a damaged folder drives the library to
        raise CheckpointMismatch(f"{folder} cannot be loaded ({_first_line(error)})") from error
    if wrong := sorted({*map(str, told["missing_keys"]), *map(str, told["mismatched_keys"])}):
        raise CheckpointMismatch(
            f"{folder} lacks weights of its network: {', '.join(wrong[:5])}; take one that was trained to say labels"
        )
    return model


def _middle(picture: Picture, share: float) -> Picture:
    """So much of a picture's central square, around its middle."""
    height, width = picture.shape[:2]
    side = max(1, round(share * min(height, width)))
    top, left = (height - side) // 2, (width - side) // 2
    return picture if share == 1 else picture[top : top + side, left : left + side]


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
