"""From a kind and a checkpoint to a recognizer: the one place that knows all kinds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from torch import Tensor

from recognizers.card import Card, checkpoint_path
from recognizers.checkpoint import fit_strictly, load
from recognizers.errors import CheckpointMismatch
from recognizers.models.slowfast import SlowFast, SlowFastSize
from recognizers.recognizer import Recognizer
from recognizers.runtimes.openvino import is_installed
from recognizers.runtimes.windowed import WindowedRecognizer


def slowfast_network(card: Card, tensors: Mapping[str, Tensor], origin: str) -> SlowFast:
    """The network that the card describes, with the checkpoint's weights, strictly.

    Raises:
        CheckpointMismatch: the card describes no SlowFast, or the weights are those of another.
    """
    try:
        network = SlowFast(SlowFastSize(**card.network), len(card.labels))
    except (TypeError, ValueError, RuntimeError) as error:
        raise CheckpointMismatch(f"{origin}: the card does not describe a SlowFast network ({error})") from error
    if card.spec.frames != network.size.frames:
        raise CheckpointMismatch(
            f"{origin}: clips have {card.spec.frames} pictures, the network takes {network.size.frames}"
        )
    fit_strictly(network, tensors, origin)
    return network.eval()


def _slowfast(card: Card, tensors: Mapping[str, Tensor], origin: str, options: Mapping[str, Any]) -> Recognizer:
    runtime = options.get("runtime", "torch")
    if runtime == "openvino" and not is_installed():
        raise CheckpointMismatch("runtime is openvino, which is not installed; pip install 'taktstream[openvino]'")
    network = slowfast_network(card, tensors, origin)
    return WindowedRecognizer(network, card, threads=options.get("threads", 1), runtime=runtime)


KINDS: dict[str, Callable[[Card, Mapping[str, Tensor], str, Mapping[str, Any]], Recognizer]] = {"slowfast": _slowfast}
"""Recognizers by kind."""


def build_recognizer(kind: str, checkpoint: str | Path, options: Mapping[str, Any]) -> Recognizer:
    """Make a recognizer ready to answer.

    Args:
        kind: a key of `KINDS`; must be the checkpoint's own.
        checkpoint: a path or `bundled:NAME`.
        options: `hop_s` (seconds between clips, instead of the card's), `threads` (of a CPU, for one batch),
            `runtime` (on a CPU: torch, openvino, or auto for the faster one).

    Raises:
        CheckpointMismatch: the file is not what was asked for, or its runtime is not installed.
    """
    path = checkpoint_path(checkpoint)
    card, tensors = load(path)
    if card.kind != kind:
        raise CheckpointMismatch(f"{path} is of kind {card.kind!r}, not {kind!r}; give the right file or kind")
    if options.get("hop_s") is not None:
        card = replace(card, spec=replace(card.spec, hop_s=options["hop_s"]))
    return KINDS[kind](card, tensors, str(path), options)
