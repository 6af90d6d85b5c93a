"""What is usual for a network, for the service to see when live clips are others."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recognizers.card import Card, Usual
from recognizers.runtimes.answers import abstains, known_by, scores_of
from recognizers.spread import instability, shares, spread
from recognizers.train.validate import Answers

FAR = 0.05
"""Share of the calibration's clips that counts as unfamiliar."""
LEAST_CLIPS = 100
"""Of fewer, no spread is worth a name."""
_LEAST = {"scores": 0.25, "unfamiliar": 3 * FAR, "abstained": 3 * FAR}
"""Of limits."""
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
    return Usual(
        scores=tuple(tuple(round(float(share), 4) for share in row) for row in scores),
        familiar=round(familiar, 4),
        limits={name: round(max(_LEAST[name], _BETWEEN_GROUPS * far), 4) for name, far in apart.items()},
    )


def _spread(given: Answers, card: Card) -> NDArray[np.float64]:
    known = ~abstains(given.logits, card)
    return spread(scores_of(given.logits[known], card).numpy())


def _energy(given: Answers, card: Card) -> NDArray[np.float32]:
    energy: NDArray[np.float32] = known_by("energy", given.logits.float(), card.temperature).numpy()
    return energy
