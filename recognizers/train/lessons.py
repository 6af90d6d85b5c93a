"""What a network learns from and is judged by, whatever it looks at."""

from __future__ import annotations

from typing import Literal, Protocol

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from recognizers.clip import ClipSpec
from recognizers.data.track import DataSet
from recognizers.data.windows import Jitter, TrainingWindows
from recognizers.errors import DataError
from recognizers.train.augment import augmented
from recognizers.train.recipe import Recipe
from recognizers.train.validate import Answers, answers

Part = Literal["calibration", "held_out"]
"""Parts of a data set that nothing is learned from."""


class Lessons(Protocol):
    """A data set in the shape in which a kind of network takes it."""

    @property
    def labels(self) -> tuple[str, ...]: ...

    @property
    def background(self) -> str: ...

    @property
    def description(self) -> str: ...

    def batch(self, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        """A batch of network inputs `(N, …)` as they may look live, and their truth `(N, C)`, where the recipe runs."""
        ...

    def judged(self, network: nn.Module, part: Part) -> Answers:
        """What a network says of clips it has not learned from."""
        ...


class PictureLessons:
    """Clips of tracks: `(N, 3, T, H, W)`, normalised."""

    def __init__(self, data: DataSet, spec: ClipSpec, crop_px: int, recipe: Recipe, jitter: Jitter) -> None:
        """Raises DataError where no training clip shows some label."""
        self.labels, self.background, self.description = data.labels, data.background, data.description
        self._data, self._spec, self._crop_px, self._recipe = data, spec, crop_px, recipe
        often = [recipe.background if label == data.background else 1.0 for label in data.labels]
        self._windows = TrainingWindows(data.training, often, data.labels.index(data.background), spec, jitter)
        if missing := self._windows.missing:
            raise DataError(f"no training clip shows {', '.join(data.labels[label] for label in missing)}")

    def batch(self, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        pictures, labels = self._windows.batch(self._recipe.batch, rng)
        truth = F.one_hot(torch.from_numpy(labels), len(self.labels)).float()
        device = self._recipe.on
        return augmented(pictures, self._crop_px, self._recipe, rng, device), truth.to(device)

    def judged(self, network: nn.Module, part: Part) -> Answers:
        tracks = self._data.calibration if part == "calibration" else self._data.held_out
        return answers(network, tracks, self._spec, self._crop_px, len(self.labels), self._recipe.on)
