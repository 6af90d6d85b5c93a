"""From a kind and a checkpoint to a recognizer: the one place that knows how each kind is run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from torch import nn

from recognizers.card import Card, checkpoint_path
from recognizers.checkpoint import load
from recognizers.errors import CheckpointMismatch
from recognizers.families import network_of
from recognizers.models.crnn import Crnn
from recognizers.models.san import San
from recognizers.models.single_frame import SingleFrame
from recognizers.models.slowfast import SlowFast
from recognizers.models.two_stream import TwoStream
from recognizers.recognizer import Recognizer
from recognizers.runtimes.averaged import AveragedRecognizer
from recognizers.runtimes.carried import CarriedRecognizer
from recognizers.runtimes.featured import FeaturedRecognizer
from recognizers.runtimes.openvino import is_installed
from recognizers.runtimes.skeletal import SkeletalRecognizer
from recognizers.runtimes.two_stream import TwoStreamRecognizer
from recognizers.runtimes.windowed import WindowedRecognizer

Options = Mapping[str, Any]


def _slowfast(network: nn.Module, card: Card, options: Options) -> Recognizer:
    runtime = options.get("runtime", "torch")
    if runtime == "openvino" and not is_installed():
        raise CheckpointMismatch("runtime is openvino, which is not installed; pip install 'taktstream[openvino]'")
    return WindowedRecognizer(cast(SlowFast, network), card, threads=options.get("threads", 1), runtime=runtime)


def _single_frame(network: nn.Module, card: Card, options: Options) -> Recognizer:
    return FeaturedRecognizer(cast(SingleFrame, network), card, options.get("threads", 1))


def _two_stream(network: nn.Module, card: Card, options: Options) -> Recognizer:
    return TwoStreamRecognizer(cast(TwoStream, network), card, options.get("threads", 1))


def _crnn(network: nn.Module, card: Card, options: Options) -> Recognizer:
    make = CarriedRecognizer if options.get("state") == "carried" else FeaturedRecognizer
    return make(cast(Crnn, network), card, options.get("threads", 1))


def _san(network: nn.Module, card: Card, options: Options) -> Recognizer:
    estimator = options.get("poses")
    if estimator is None:
        raise CheckpointMismatch(
            "a san recognizer looks at people's joints and needs something that finds them; nothing in the service "
            "does so yet: give a checkpoint of another kind"
        )
    return SkeletalRecognizer(cast(San, network), card, estimator, threads=options.get("threads", 1))


KINDS: dict[str, Callable[[nn.Module, Card, Options], Recognizer]] = {
    "slowfast": _slowfast,
    "single_frame": _single_frame,
    "two_stream": _two_stream,
    "crnn": _crnn,
    "san": _san,
}
"""How a network of each kind becomes a recognizer."""


def build_recognizer(kind: str, checkpoint: str | Path, options: Options) -> Recognizer:
    """Make a recognizer ready to answer.

    Args:
        kind: a key of `KINDS`; must be the checkpoint's own.
        checkpoint: a path or `bundled:NAME`.
        options: `hop_s` (seconds between clips, instead of the card's), `threads` (of a CPU, for one batch),
            `runtime` (on a CPU: torch, openvino, or auto for the faster one), `state` (of a crnn: windowed or
            carried), `average_clips` (answers whose scores are averaged; 1: none), `poses` (a PoseEstimator, of a san).

    Raises:
        CheckpointMismatch: the file is not what was asked for, or its runtime is not installed.
    """
    path = checkpoint_path(checkpoint)
    card, tensors = load(path)
    if card.kind != kind:
        raise CheckpointMismatch(f"{path} is of kind {card.kind!r}, not {kind!r}; give the right file or kind")
    if options.get("hop_s") is not None:
        card = replace(card, spec=replace(card.spec, hop_s=options["hop_s"]))
    recognizer = KINDS[kind](network_of(card, tensors, str(path)), card, options)
    average = options.get("average_clips", 1)
    return recognizer if average == 1 else AveragedRecognizer(recognizer, average)
