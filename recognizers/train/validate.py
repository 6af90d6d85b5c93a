"""How good a network is on recordings it was not trained on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from recognizers.clip import ClipSpec
from recognizers.data.track import Track, squares
from recognizers.data.windows import even_windows
from recognizers.transforms import MEAN, STD, normalised

CLEAR = 0.75
"""Clips are judged whose second half is at least so much one action."""
HOP_S = 0.5
_AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class Answers:
    """What a network said of clips whose action is known."""

    logits: Tensor
    """`(N, C)`."""
    truth: NDArray[np.int64]
    """`(N,)`."""


def answers(
    network: nn.Module, tracks: Sequence[Track], spec: ClipSpec, crop_px: int, classes: int, device: torch.device
) -> Answers:
    """Ask a network, which is on `device`, about every clear clip of tracks, cut as the live service cuts them."""
    logits, truth = [torch.zeros(0, classes)], []
    waiting: list[NDArray[np.uint8]] = []

    def ask() -> None:
        clips = torch.from_numpy(np.stack(waiting)).permute(0, 1, 4, 2, 3)
        logits.append(network(normalised(clips.to(device), MEAN, STD)).cpu())
        waiting.clear()

    with torch.inference_mode():
        for track in tracks:
            for pictures, label in even_windows(track, classes, spec.frames, spec.interval_s, HOP_S, CLEAR):
                waiting.append(squares(pictures, crop_px))
                truth.append(label)
                if len(waiting) == _AT_ONCE:
                    ask()
        if waiting:
            ask()
    return Answers(torch.cat(logits), np.array(truth, np.int64))


def fitted_temperature(given: Answers) -> float:
    """The temperature at which scores mean what they say: least negative log-likelihood, in [0.5, 10]."""
    if not len(given.truth):
        return 1.0
    truth = torch.from_numpy(given.truth)
    candidates = np.geomspace(0.5, 10, 121)
    losses = [float(F.cross_entropy(given.logits / float(one), truth)) for one in candidates]
    return round(float(candidates[int(np.argmin(losses))]), 4)


def figures(given: Answers, labels: Sequence[str], temperature: float) -> dict[str, object]:
    """Accuracy of all clips and by action, the confusion, and how far scores are from what they say (ECE)."""
    said = given.logits.argmax(dim=1).numpy()
    confusion = np.zeros((len(labels), len(labels)), int)
    np.add.at(confusion, (given.truth, said), 1)
    seen = confusion.sum(axis=1)
    return {
        "clips": int(seen.sum()),
        "top1": _share(confusion.trace(), seen.sum()),
        "recall": {label: _share(confusion[n, n], seen[n]) for n, label in enumerate(labels) if seen[n]},
        "confusion": confusion.tolist(),
        "ece": round(expected_calibration_error(torch.softmax(given.logits / temperature, 1).numpy(), given.truth), 4),
    }


def expected_calibration_error(scores: NDArray[np.float32], truth: NDArray[np.int64], bins: int = 15) -> float:
    """Mean distance between score and accuracy over bins of equal mass (Nixon et al., 2019)."""
    best, right = scores.max(axis=1), scores.argmax(axis=1) == truth
    parts = np.array_split(np.argsort(best), bins)
    return float(
        sum(len(part) / len(truth) * abs(best[part].mean() - right[part].mean()) for part in parts if len(part))
    )


def _share(part: int, whole: int) -> float:
    return round(float(part) / max(float(whole), 1.0), 4)
