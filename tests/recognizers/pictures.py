"""Small networks that look at single pictures, whose every number counts, and overlapping clips to show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from recognizers.checkpoint import Card, save
from recognizers.clip import WHOLE_PICTURE, Clip, ClipSpec, Picture
from recognizers.families import FAMILIES
from recognizers.models.backbones import PictureSize
from recognizers.models.crnn import CrnnSize
from recognizers.prediction import Prediction
from recognizers.recognizer import Recognizer
from recognizers.transforms import normalised, square
from tests.recognizers.networks import LABELS, randomise

SINGLE_FRAME = PictureSize(frames=5, width=8, depths=(1, 2))
CRNN = CrnnSize(frames=6, width=8, depths=(1, 1), hidden=12, layers=2, cold=2)
LSTM = replace(CRNN, cell="lstm", layers=1, cold=0)
INTERVAL_S, CROP_PX = 0.125, 32
TEMPERATURES = {"single_frame": 10.0, "crnn": 0.5, "two_stream": 2.0}
"""At which scores of random networks are neither all alike nor all 0 or 1."""


def random_network(kind: str, size: PictureSize, seed: int = 0) -> Any:
    network = FAMILIES[kind].network(size, len(LABELS))
    network.load_state_dict(randomise(network.state_dict(), seed))
    return network.eval()


def card(kind: str, size: PictureSize, hop: int = 2) -> Card:
    """`hop`: pictures from clip to clip."""
    return Card(
        kind=kind,
        labels=LABELS,
        background="idle",
        spec=ClipSpec(size.frames, INTERVAL_S, hop * INTERVAL_S, CROP_PX),
        crop_px=CROP_PX,
        mean=(0.45, 0.4, 0.35),
        std=(0.225, 0.25, 0.275),
        network=asdict(size),
        temperature=TEMPERATURES[kind],
    )


def write(path: Path, kind: str, size: PictureSize) -> Path:
    save(path, card(kind, size), random_network(kind, size).state_dict())
    return path


def pictures(count: int, seed: int = 0) -> list[Picture]:
    """Coarse patterns: to a network, fine noise looks like other fine noise."""
    rng = np.random.default_rng(seed)
    return [rng.integers(0, 256, (5, 6, 3), np.uint8).repeat(8, 0).repeat(8, 1) for _ in range(count)]


def clips(film: Sequence[Picture], spec: ClipSpec, stream: str = "cam", epoch: int = 1, first: int = 0) -> list[Clip]:
    """All clips of a film with a picture in every slot, the first of them of that index."""
    hop, cut = round(spec.hop_s / spec.interval_s), []
    for n, place in enumerate(range(0, len(film) - spec.frames + 1, hop)):
        start = place * spec.interval_s
        end, shown = start + spec.span_s, tuple(film[place : place + spec.frames])
        cut.append(Clip(stream, "bench", epoch, first + n, start, end, 1000 + end, 1000, WHOLE_PICTURE, 1.0, shown))
    return cut


def follow(recognizer: Recognizer, shown: Sequence[Clip]) -> tuple[list[Prediction], list[Any]]:
    """What is said of clips shown one after the other, and the state after each."""
    predictions, states = [], [None]
    for clip in shown:
        ((prediction, state),) = recognizer.recognize([clip], [states[-1]])
        assert prediction is not None
        predictions.append(prediction)
        states.append(state)
    return predictions, states[1:]


@torch.inference_mode()
def plain_scores(network: nn.Module, its: Card, shown: Sequence[Picture]) -> np.ndarray:
    """What the network says of a clip without any runtime around it."""
    seen = normalised(square(list(shown), its.crop_px)[None], its.mean, its.std)
    return torch.softmax(network(seen)[0] / its.temperature, 0).numpy()


class Counting(nn.Module):
    """Says how many pictures each call looked at."""

    def __init__(self, look: nn.Module) -> None:
        super().__init__()
        self.look, self.channels = look, look.channels
        self.calls: list[int] = []

    def forward(self, seen: torch.Tensor) -> torch.Tensor:
        self.calls.append(len(seen))
        return self.look(seen)
