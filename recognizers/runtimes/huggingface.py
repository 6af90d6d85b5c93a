"""Video classifiers of `transformers` as networks of clips. Its only door.

No code but that of the installed library runs, whatever a folder brings along (`trust_remote_code` is never given), and
weights are safetensors. Nothing is fetched unless it is asked for, and then by the hash of a commit.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from recognizers.card import NEVER, Card
from recognizers.checkpoint import check_finite
from recognizers.errors import CheckpointMismatch
from recognizers.huggingface import OfTheHub, Wanted, check_weights, folder_card, source_of

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


def load(checkpoint: str, wanted: Wanted, fetches: bool) -> tuple[VideoClassifier, Card]:
    """The network of a folder, or of `hub:owner/name[@REVISION]`, and what is said of it.

    Args:
        fetches: whether a model that is not on this machine may be fetched from the hub; see `source_of`.

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
    check_finite(model.state_dict(), str(folder))
    return model


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
