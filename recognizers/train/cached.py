"""Lessons of what was seen before: inputs are looked at once, and what decides learns from that in seconds."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from recognizers.data.sets import Tick
from recognizers.train.lessons import Lessons, Part
from recognizers.train.parts import Deciding, Looking
from recognizers.train.recipe import Recipe
from recognizers.train.validate import Answers


class CachedLessons:
    """Batches of features instead of inputs: for `Deciding`, where the rest of a network learns nothing.

    Inputs are drawn and varied as the lessons do it; a few for each recording are a few augmented passes.
    """

    def __init__(self, lessons: Lessons, network: nn.Module, recipe: Recipe, tick: Tick) -> None:
        """Looks at `recipe.cached` varied inputs with a network that is where the recipe runs, and keeps that there."""
        self.labels, self.background, self.description = lessons.labels, lessons.background, lessons.description
        self.fingerprint = lessons.fingerprint
        self._lessons, self._recipe = lessons, recipe
        self._features, self._truth = _looked(lessons, Looking(network).eval(), recipe, tick)
        self._judged: dict[Part, Answers] = {}

    def batch(self, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        """Features `(N, …)` and the truth of each `(N, C)`."""
        places = torch.from_numpy(rng.integers(len(self._features), size=self._recipe.batch)).to(self._recipe.on)
        return self._features[places], self._truth[places]

    def judged(self, network: nn.Module, part: Part) -> Answers:
        """As the lessons judge; inputs are looked at the first time only."""
        if part not in self._judged:
            self._judged[part] = self._lessons.judged(Looking(network), part)
        seen = self._judged[part]
        if not len(seen.truth):
            return Answers(torch.zeros(0, len(self.labels)), seen.truth)
        with torch.inference_mode():
            return Answers(Deciding(network)(seen.logits.to(self._recipe.on)).cpu(), seen.truth)


@torch.no_grad()
def _looked(lessons: Lessons, looking: nn.Module, recipe: Recipe, tick: Tick) -> tuple[Tensor, Tensor]:
    features, truths, known = [], [], 0
    while known < recipe.cached:
        inputs, truth = lessons.batch(np.random.default_rng((recipe.seed, recipe.steps, known, 1)))
        features.append(looking(inputs))
        truths.append(truth)
        known += len(truth)
        tick("looking at clips", min(known, recipe.cached), recipe.cached)
    return torch.cat(features)[: recipe.cached], torch.cat(truths)[: recipe.cached]
