"""What is usual for a network, for the service to see when live clips are others."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recognizers.card import Card, Usual
from recognizers.runtimes.answers import abstains, distance_of, known_by, scores_of
from recognizers.spread import instability, shares, spread
from recognizers.train.validate import Answers

FAR = 0.05
"""Share of the calibration's clips that counts as unfamiliar, and as distant."""
MOST_LABELS = 100
"""Of more, a card tells no centres: they are as many numbers as the square of the labels."""
LEAST_CLIPS = 100
"""Of fewer, no spread is worth a name."""
_LEAST = {"scores": 0.25, "unfamiliar": 3 * FAR, "distant": 3 * FAR, "abstained": 3 * FAR}
"""Of limits."""
_LEAST_WIDTH = 1e-3
_BETWEEN_GROUPS = 2.0
"""How much further than from one group of people to another live clips may be."""


def usual_of(calibration: Answers, held_out: Answers, card: Card) -> Usual | None:
    """Spread and familiarity of the calibration part, and limits by how far the held-out groups are from it, which are
    as usual and were not learned either. None where there are too few clips of either."""
    if min(len(calibration.truth), len(held_out.truth)) < LEAST_CLIPS:
        return None
    scores = shares(_spread(calibration, card))
    energy = _energy(calibration, card)
    familiar = float(np.quantile(energy, FAR))
    apart = {
        "scores": instability(_spread(held_out, card), scores) or 0.0,
        "unfamiliar": float((_energy(held_out, card) < familiar).mean()),
    }
    if card.abstain is not None:
        apart["abstained"] = float(abstains(held_out.logits, card).float().mean())
    usual = Usual(scores=_rows(scores, 4), familiar=round(familiar, 4), limits={})
    if len(card.labels) <= MOST_LABELS:
        usual = _with_centres(usual, calibration)
        apart["distant"] = float((_distance(held_out, usual) > usual.near).mean())
    limits = {name: round(max(_LEAST[name], _BETWEEN_GROUPS * far), 4) for name, far in apart.items()}
    return replace(usual, limits=limits)


def _with_centres(usual: Usual, given: Answers) -> Usual:
    """Centres of labels that no clip shows are those of all clips."""
    logits, truth = given.logits.float().numpy(), given.truth
    shows = truth if truth.ndim == 2 else np.arange(logits.shape[1]) == truth[:, None]
    centres = np.array([logits[own].mean(axis=0) if own.any() else logits.mean(axis=0) for own in shows.T > 0])
    apart = np.concatenate([logits[own] - centre for own, centre in zip(shows.T > 0, centres, strict=True)])
    widths = np.maximum(np.sqrt(np.square(apart).mean(axis=0)), _LEAST_WIDTH)
    usual = replace(usual, centres=_rows(centres, 3), widths=_rows(widths[None], 3)[0])
    return replace(usual, near=round(float(np.quantile(_distance(given, usual), 1 - FAR)), 4))


def _rows(numbers: NDArray[np.floating[Any]], digits: int) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(round(float(one), digits) for one in row) for row in numbers)


def _distance(given: Answers, usual: Usual) -> NDArray[np.float32]:
    distance = distance_of(given.logits, usual)
    assert distance is not None, "it has centres"
    found: NDArray[np.float32] = distance.numpy()
    return found


def _spread(given: Answers, card: Card) -> NDArray[np.float64]:
    known = ~abstains(given.logits, card)
    return spread(scores_of(given.logits[known], card).numpy())


def _energy(given: Answers, card: Card) -> NDArray[np.float32]:
    energy: NDArray[np.float32] = known_by("energy", given.logits.float(), card.temperature).numpy()
    return energy
