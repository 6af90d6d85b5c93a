"""From a kind and a checkpoint to a recognizer: the one place that knows how each kind is run."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from torch import nn

from recognizers.card import NOT_CAUSAL, Card, checkpoint_path
from recognizers.checkpoint import load
from recognizers.clip import wrong_hop
from recognizers.errors import CheckpointMismatch
from recognizers.estimators.choice import build_estimator
from recognizers.estimators.downloads import file_of
from recognizers.estimators.fastestdet import FastestDet
from recognizers.families import network_of
from recognizers.huggingface import KIND, Wanted
from recognizers.models.crnn import Crnn
from recognizers.models.san import San
from recognizers.models.single_frame import SingleFrame
from recognizers.models.slowfast import SlowFast
from recognizers.models.slowfast_actors import SlowFastActors
from recognizers.models.two_stream import TwoStream
from recognizers.recognizer import Recognizer
from recognizers.runtimes.averaged import AveragedRecognizer
from recognizers.runtimes.carried import CarriedRecognizer
from recognizers.runtimes.clipwise import ClipRecognizer
from recognizers.runtimes.continual import ContinualRecognizer
from recognizers.runtimes.featured import FeaturedRecognizer
from recognizers.runtimes.huggingface import load as load_folder
from recognizers.runtimes.localised import LocalisedRecognizer
from recognizers.runtimes.openvino import is_installed
from recognizers.runtimes.skeletal import SkeletalRecognizer
from recognizers.runtimes.two_stream import TwoStreamRecognizer
from recognizers.runtimes.windowed import WindowedRecognizer

Options = Mapping[str, Any]


def _slowfast(network: nn.Module, card: Card, options: Options) -> Recognizer:
    mode = options.get("mode", "window")
    if mode == "stream" and not cast(SlowFast, network).size.causal:
        raise CheckpointMismatch(f"mode: {NOT_CAUSAL}")
    make = WindowedRecognizer if mode == "window" else ContinualRecognizer
    return make(cast(SlowFast, network), card, threads=options.get("threads", 1), runtime=_runtime(options))


def _whole_clips(network: nn.Module, card: Card, options: Options) -> Recognizer:
    return ClipRecognizer(network, card, options.get("threads", 1), _runtime(options))


def _runtime(options: Options) -> str:
    runtime: str = options.get("runtime", "torch")
    if runtime == "openvino" and not is_installed():
        raise CheckpointMismatch("runtime is openvino, which is not installed; pip install 'taktstream[openvino]'")
    return runtime


def _slowfast_actors(network: nn.Module, card: Card, options: Options) -> Recognizer:
    threads = options.get("threads", 1)
    detector = options.get("actors") or FastestDet(
        file_of("fastestdet", options.get("actor_model"), os.environ), threads=threads
    )
    return LocalisedRecognizer(cast(SlowFastActors, network), card, detector, threads)


def _single_frame(network: nn.Module, card: Card, options: Options) -> Recognizer:
    return FeaturedRecognizer(cast(SingleFrame, network), card, options.get("threads", 1))


def _two_stream(network: nn.Module, card: Card, options: Options) -> Recognizer:
    return TwoStreamRecognizer(cast(TwoStream, network), card, options.get("threads", 1))


def _crnn(network: nn.Module, card: Card, options: Options) -> Recognizer:
    make = CarriedRecognizer if options.get("state") == "carried" else FeaturedRecognizer
    return make(cast(Crnn, network), card, options.get("threads", 1))


def _san(network: nn.Module, card: Card, options: Options) -> Recognizer:
    san, threads = cast(San, network), options.get("threads", 1)
    estimator = options.get("poses") or build_estimator(
        san.size.layout, san.size.coordinates, san.size.persons, options.get("pose_model"), threads
    )
    return SkeletalRecognizer(san, card, estimator, threads)


def _huggingface(network: nn.Module, card: Card, options: Options) -> Recognizer:
    return ClipRecognizer(network, card, options.get("threads", 1), share=card.network["seen"])


BUILDERS: Mapping[str, Callable[[nn.Module, Card, Options], Recognizer]] = {
    "slowfast": _slowfast,
    "slowfast_actors": _slowfast_actors,
    "slow_only": _whole_clips,
    "c2d": _whole_clips,
    "i3d": _whole_clips,
    "x3d": _whole_clips,
    "single_frame": _single_frame,
    "two_stream": _two_stream,
    "crnn": _crnn,
    "san": _san,
    "huggingface": _huggingface,
}
"""How a network of each kind becomes a recognizer."""


def build_recognizer(kind: str, checkpoint: str | Path, options: Options) -> Recognizer:
    """Make a recognizer ready to answer.

    Args:
        kind: a key of `KINDS`, and the checkpoint's own.
        checkpoint: a path or `bundled:NAME`; of a huggingface a folder, or `hub:owner/name[@REVISION]`.
        options: `hop_s` (seconds between clips, instead of the card's), `threads` (of a CPU, for one batch),
            `runtime` (torch, on a CPU openvino, or auto for the fastest here), `mode` (of a slowfast: window, or one
            endless clip by stream, which needs a causal network, or delayed), `state` (of a crnn: windowed or
            carried), `average_clips` (answers whose scores are averaged; 1: none), `abstain` (instead of the card's),
            `pose_model` (of a san: the file of the networks that find joints; none: from the cache folder), `poses` (a
            PoseEstimator in their place), `actor_model` and `actors` (of a slowfast_actors: likewise what finds people,
            an ActorDetector), `background`, `interval_s` and `fetch` (of a huggingface; see `Wanted` and its `load`).

        Raises:
            CheckpointMismatch: the file is not what was asked for, or its runtime is not installed.
    """
    if kind == KIND:
        network, card = _of_folder(str(checkpoint), options)
    else:
        network, card = _of_checkpoint(kind, checkpoint_path(checkpoint), options)
    if (problem := wrong_hop(card.spec, options)) is not None:
        raise CheckpointMismatch(problem)
    recognizer = BUILDERS[kind](network, card, options)
    average = options.get("average_clips", 1)
    return recognizer if average == 1 else AveragedRecognizer(recognizer, average)


def _of_folder(checkpoint: str, options: Options) -> tuple[nn.Module, Card]:
    wanted = Wanted(**{name: options.get(name) for name in ("background", "interval_s", "hop_s", "abstain")})
    return load_folder(checkpoint, wanted, fetches=options.get("fetch", False))


def _of_checkpoint(kind: str, path: Path, options: Options) -> tuple[nn.Module, Card]:
    card, tensors = load(path)
    if card.kind != kind:
        raise CheckpointMismatch(f"{path} is of kind {card.kind!r}, not {kind!r}; give the right file or kind")
    if options.get("hop_s") is not None:
        card = replace(card, spec=replace(card.spec, hop_s=options["hop_s"]))
    if options.get("abstain") is not None:
        card = replace(card, abstain=options["abstain"])
    return network_of(card, tensors, str(path)), card
