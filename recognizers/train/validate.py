"""How good a network is on recordings it was not trained on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from recognizers.card import MEASURES, Card
from recognizers.clip import ClipSpec
from recognizers.data.track import Track, squares
from recognizers.data.windows import even_positions, even_windows
from recognizers.errors import DataError
from recognizers.metrics.calibration import expected_calibration_error, top_label_error
from recognizers.metrics.multilabel import average_precision
from recognizers.runtimes.answers import known_by, scores_of
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
    truth: NDArray[Any]
    """`(N,)` int64, the label of each; or `(N, C)` float32, 1 for every label that is true, where several can be."""

    @property
    def multilabel(self) -> bool:
        return self.truth.ndim == 2


def check_judgeable(tracks: Sequence[Track], spec: ClipSpec, classes: int) -> None:
    """Raises DataError where no clip of the held-out tracks can be judged: a figure of none would say nothing."""
    for track in tracks:
        for _ in even_positions(track, classes, spec.frames, spec.interval_s, HOP_S, CLEAR):
            return
    raise DataError(too_short(spec, [len(track.pictures) / track.rate_hz for track in tracks]))


def too_short(spec: ClipSpec, lengths_s: Sequence[float]) -> str:
    """What is wrong where no clip can be judged, of the lengths of all held-out recordings."""
    longest = f"the longest of {len(lengths_s)} lasts {max(lengths_s):.2g} s" if lengths_s else "there is none"
    return (
        f"no held-out recording can be judged by: a clip spans {spec.span_s:.3g} s, its second half one action, "
        f"and {longest}; give longer ones, or make frames or interval_s smaller"
    )


def answers(
    network: nn.Module, tracks: Sequence[Track], spec: ClipSpec, crop_px: int, classes: int, device: torch.device
) -> Answers:
    """Ask a network, which is on `device`, about every clear clip of tracks, cut as the live service cuts them."""
    logits: list[Tensor] = []
    truth: list[int] = []
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
    return Answers(torch.cat(logits) if logits else torch.zeros(0, classes), np.array(truth, np.int64))


def fitted_temperature(given: Answers) -> float:
    """The temperature at which scores mean what they say: least negative log-likelihood, in [0.5, 10]."""
    if not len(given.truth):
        return 1.0
    truth = torch.from_numpy(given.truth)
    loss = F.binary_cross_entropy_with_logits if given.multilabel else F.cross_entropy
    candidates = np.geomspace(0.5, 10, 121)
    losses = [float(loss(given.logits / float(one), truth)) for one in candidates]
    return round(float(candidates[int(np.argmin(losses))]), 4)


def known_above(given: Answers, card: Card, lost: float = 0.01) -> dict[str, float]:
    """Of each measure of how well a clip is known (`MEASURES`), what all clips of the actions reach but a share `lost`:
    a threshold for abstaining. Empty where no clip shows an action."""
    none = card.labels.index(card.background)
    shows = np.delete(given.truth, none, axis=1).any(axis=1) if given.multilabel else given.truth != none
    logits = given.logits[torch.from_numpy(shows)].float()
    if not len(logits):
        return {}
    known = {measure: known_by(measure, logits, card.temperature) for measure in MEASURES}
    return {measure: round(float(values.quantile(lost)), 4) for measure, values in known.items()}


def figures(given: Answers, card: Card) -> dict[str, object]:
    """Accuracy of all clips and by action, the confusion, and how far scores are from what they say (ECE), of scores
    as the recognizer gives them: calibrated, and the background's where it abstains.

    Where several labels can be true there is no confusion: average precision of each label, and their mean.
    """
    scores, labels = scores_of(given.logits, card).numpy(), card.labels
    if given.multilabel:
        return _figures_of_several(scores, given, labels)
    said = scores.argmax(axis=1)
    confusion = np.zeros((len(labels), len(labels)), int)
    np.add.at(confusion, (given.truth, said), 1)
    seen = confusion.sum(axis=1)
    return {
        "clips": int(seen.sum()),
        "top1": _share(confusion.trace(), seen.sum()),
        "recall": {label: _share(confusion[n, n], seen[n]) for n, label in enumerate(labels) if seen[n]},
        "confusion": confusion.tolist(),
        "ece": round(top_label_error(scores, given.truth), 4),
    }


def _figures_of_several(scores: NDArray[np.float32], given: Answers, labels: Sequence[str]) -> dict[str, object]:
    truth = np.asarray(given.truth, np.float32)
    precision = {
        label: average_precision(scores[:, n], truth[:, n]) for n, label in enumerate(labels) if truth[:, n].any()
    }
    return {
        "clips": len(truth),
        "map": _share(sum(precision.values()), len(precision)),
        "average_precision": {label: round(one, 4) for label, one in precision.items()},
        "ece": round(expected_calibration_error(scores.ravel(), truth.ravel() > 0.5), 4),
    }


def _share(part: float, whole: float) -> float:
    return round(float(part) / max(float(whole), 1.0), 4)
