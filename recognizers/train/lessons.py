"""What a network learns from and is judged by, whatever it looks at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from recognizers.clip import ClipSpec
from recognizers.data.fingerprint import Recording, fingerprint
from recognizers.data.track import DataSet, Track
from recognizers.data.windows import Jitter, TrainingWindows
from recognizers.errors import DataError
from recognizers.train.augment import augmented
from recognizers.train.mirror import mirror_of
from recognizers.train.recipe import Recipe
from recognizers.train.validate import Answers, answers, check_judgeable

Part = Literal["calibration", "held_out"]
"""Parts of a data set that nothing is learned from."""
Inputs = Tensor | tuple[Tensor, ...]
"""What a network is called with: one thing `(N, …)`, or several."""


class Lessons(Protocol):
    """A data set in the shape in which a kind of network takes it."""

    @property
    def labels(self) -> tuple[str, ...]: ...

    @property
    def background(self) -> str: ...

    @property
    def description(self) -> str: ...

    @property
    def fingerprint(self) -> str:
        """Of the data; see `recognizers.data.fingerprint`."""
        ...

    def batch(self, rng: np.random.Generator) -> tuple[Inputs, Tensor]:
        """A batch of network inputs as they may look live, and the truth of its answers `(N, C)`, where the recipe
        runs. Threads may ask at once."""
        ...

    def judged(self, network: nn.Module, part: Part) -> Answers:
        """What a network says of clips it has not learned from."""
        ...


def described(data: str, unreadable: Sequence[str]) -> str:
    """Of a data set, and of those of its training videos that could not be read."""
    if not unreadable:
        return data
    more = f" (and {len(unreadable) - 5} more)" if len(unreadable) > 5 else ""
    return f"{data}; {len(unreadable)} training videos replaced by others: {'; '.join(unreadable[:5])}{more}"


class PictureLessons:
    """Clips of tracks: `(N, 3, T, H, W)`, normalised."""

    def __init__(
        self, data: DataSet, spec: ClipSpec, crop_px: int, recipe: Recipe, jitter: Jitter, multilabel: bool = False
    ) -> None:
        """`multilabel`: several labels of a clip can be true.

        Raises DataError where no training clip shows some label, one shows several and that cannot be, or no clip is
        there to judge by.
        """
        if data.together and not multilabel:
            raise DataError("some clips show several actions at once; set network.multilabel: true, or give each one")
        self.labels, self.background = data.labels, data.background
        self.fingerprint = fingerprint_of(data)
        self._mirror = mirror_of(data.labels, recipe)
        self._data, self._spec, self._crop_px, self._recipe = data, spec, crop_px, recipe
        self._multilabel = multilabel
        often = [recipe.background if place == data.none else 1.0 for place in range(len(data.classes))]
        self._windows = TrainingWindows(data.training, often, data.none, spec, jitter)
        unseen = set(self._windows.missing)
        shown = {label for place, labels in enumerate(data.classes) if place not in unseen for label in labels}
        # What is never shown is never said: a set of actions alone has no background.
        if missing := [name for n, name in enumerate(data.labels) if n not in shown and name != data.background]:
            raise DataError(f"no training clip shows {', '.join(missing)}")
        check_judgeable(data.held_out, spec, len(data.classes))

    @property
    def description(self) -> str:
        lost = dict.fromkeys((*self._data.unreadable, *self._windows.unreadable))
        return described(self._data.description, tuple(lost))

    def batch(self, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        pictures, labels = self._windows.batch(self._recipe.batch, rng)
        truth = torch.from_numpy(self._data.truth(labels))
        if self._recipe.flip:
            turned = rng.random(len(labels)) < 0.5
            pictures[turned] = pictures[turned, :, :, ::-1]
            truth[turned] = truth[turned][:, self._mirror]
        device = self._recipe.on
        return augmented(pictures, self._crop_px, self._recipe, rng, device), truth.to(device)

    def judged(self, network: nn.Module, part: Part) -> Answers:
        tracks = self._data.calibration if part == "calibration" else self._data.held_out
        said = answers(network, tracks, self._spec, self._crop_px, len(self._data.classes), self._recipe.on)
        return replace(said, truth=self._data.truth(said.truth)) if self._multilabel else said


def fingerprint_of(data: DataSet) -> str:
    """Of all its parts."""
    parts = {"training": data.training, "calibration": data.calibration, "held_out": data.held_out}
    return fingerprint(data.labels, {part: map(_recording, tracks) for part, tracks in parts.items()})


def _recording(track: Track) -> Recording:
    return track.name, track.group, track.labels
