"""Lessons of skeletons: what a network of joints learns from and is judged by."""

from __future__ import annotations

from collections.abc import Sequence as Many

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from recognizers.data.fingerprint import Recording, fingerprint
from recognizers.data.skeletons import Sequence, SkeletonSet
from recognizers.data.windows import Jitter
from recognizers.errors import DataError
from recognizers.nn.skeletons import LAYOUTS, SkeletonSize
from recognizers.train.lessons import Part
from recognizers.train.mirror import mirror_of
from recognizers.train.recipe import Recipe
from recognizers.train.skeleton_augment import Skeletons, stretched, varied
from recognizers.train.validate import Answers

_PIECES = 4
"""An action whose quarters are out of order is none."""
_AT_ONCE = 256


class SkeletonLessons:
    """Sequences drawn to a clip's length: `(N, C, T, J, M)`, one person in each; the others are absent."""

    def __init__(self, data: SkeletonSet, size: SkeletonSize, recipe: Recipe, jitter: Jitter) -> None:
        """Raises DataError where no training sequence shows some label, none is there to judge by, or joints are not
        those of the layout."""
        self.labels, self.background, self.description = data.labels, data.background, data.description
        self.fingerprint = _fingerprint(data)
        self._mirror = mirror_of(data.labels, recipe)
        self.fingerprint = _fingerprint(data)
        self._mirror = mirror_of(data.labels, recipe)
        self._data, self._size, self._recipe, self._jitter = data, size, recipe, jitter
        self._layout = LAYOUTS[size.layout]
        self._own = [[one for one in data.training if one.label == label] for label in range(len(data.labels))]
        self._none = data.labels.index(data.background)
        missing = [data.labels[n] for n, own in enumerate(self._own) if not own and n != self._none]
        if missing:
            raise DataError(f"no training sequence shows {', '.join(missing)}")
        if not data.held_out:
            raise DataError("no held-out sequence is there to judge by; hold out some")
        wanted = (len(self._layout.joints), size.coordinates + 1)
        if (shape := data.training[0].skeletons.shape[1:]) != wanted:
            raise DataError(
                f"the data has {shape[0]} joints of {shape[1] - 1} coordinates, the layout {size.layout} "
                f"{wanted[0]} of {wanted[1] - 1}; give network.numbers the data's layout and coordinates"
            )

    def batch(self, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        often = np.array([self._recipe.background if n == self._none else 1.0 for n in range(len(self.labels))])
        labels = rng.choice(len(often), self._recipe.batch, p=often / often.sum())
        drawn = [self._own[label] or self._data.training for label in labels]
        sequences = [some[rng.integers(len(some))].skeletons for some in drawn]
        reflected = rng.random(len(labels)) < (0.5 if self._recipe.flip else 0.0)
        clips = varied(sequences, self._size.frames, self._layout, self._recipe, self._jitter, rng, reflected)
        for number, label in enumerate(labels):
            if not self._own[label]:
                clips[number] = no_action(clips[number], rng)
        truth = F.one_hot(torch.from_numpy(labels), len(self.labels)).float()
        truth[reflected] = truth[reflected][:, self._mirror]
        return self._input(clips).to(self._recipe.on), truth.to(self._recipe.on)

    def judged(self, network: nn.Module, part: Part) -> Answers:
        sequences = self._data.calibration if part == "calibration" else self._data.held_out
        logits: list[Tensor] = []
        with torch.inference_mode():
            for first in range(0, len(sequences), _AT_ONCE):
                inputs = self.inputs(sequences[first : first + _AT_ONCE]).to(self._recipe.on)
                logits.append(network(inputs).cpu())
        said = torch.cat(logits) if logits else torch.zeros(0, len(self.labels))
        return Answers(said, np.array([one.label for one in sequences], np.int64))

    def inputs(self, sequences: Many[Sequence]) -> Tensor:
        """Whole sequences as the network sees them, nothing varied."""
        even = np.linspace(0, 1, self._size.frames)
        return self._input(np.stack([stretched(one.skeletons, even) for one in sequences]))

    def _input(self, clips: Skeletons) -> Tensor:
        """`(N, T, J, C)` → `(N, C, T, J, M)`."""
        return F.pad(torch.from_numpy(clips).permute(0, 3, 1, 2)[..., None], (0, self._size.persons - 1))


def _fingerprint(data: SkeletonSet) -> str:
    parts = {"training": data.training, "calibration": data.calibration, "held_out": data.held_out}
    return fingerprint(data.labels, {part: map(_recording, sequences) for part, sequences in parts.items()})


def _recording(sequence: Sequence) -> Recording:
    """Sequences have no names: their lengths, and where somebody is, tell them apart."""
    seen = np.array([sequence.label, *sequence.skeletons.shape, int(np.abs(sequence.skeletons).sum())], np.int64)
    return "", str(sequence.group), seen


def no_action(clip: Skeletons, rng: np.random.Generator) -> Skeletons:
    """What a clip `(T, J, C)` becomes that shows no action: somebody who stands still, nobody, or its quarters out of
    order."""
    chance = rng.random()
    if chance < 0.5:
        return np.repeat(clip[rng.integers(len(clip))][None], len(clip), axis=0)
    if chance < 0.6:
        return np.zeros_like(clip)
    pieces = np.array_split(clip, _PIECES)
    order = rng.permutation(_PIECES)
    while (np.diff(order) == 1).any():
        order = rng.permutation(_PIECES)
    return np.concatenate([pieces[piece] for piece in order])
