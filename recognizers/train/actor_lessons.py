"""Lessons of people in boxes: what a network learns from that says what each of them does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from recognizers.clip import ClipSpec
from recognizers.data.actors import ActorSet, ActorTrack
from recognizers.data.fingerprint import fingerprint
from recognizers.data.track import window_label
from recognizers.data.windows import Jitter, window_positions
from recognizers.errors import DataError
from recognizers.train.augment import relit
from recognizers.train.lessons import Part
from recognizers.train.recipe import Recipe
from recognizers.train.validate import CLEAR, HOP_S, Answers
from recognizers.transforms import MEAN, STD, normalised

TREMBLE = 0.08
"""How far a detector's box is off, in shares of its sides (standard deviation)."""


@dataclass(frozen=True, slots=True)
class Window:
    """A clip of a track, by the positions of its pictures."""

    track: ActorTrack
    positions: NDArray[np.intp]

    @property
    def boxes(self) -> NDArray[np.float32]:
        """`(P, 4)` where everybody is in the middle of the clip, as the live recognizer asks."""
        boxes: NDArray[np.float32] = self.track.boxes[self.positions[len(self.positions) // 2]]
        return boxes

    def labels(self, classes: int) -> list[tuple[int, float]]:
        """Of each person; see `window_label`."""
        return [window_label(each, classes) for each in self.track.labels[self.positions].T]


class ActorLessons:
    """Clips `(N, 3, T, H, W)`, normalised, with the boxes of all people in them and whose each box is."""

    def __init__(self, data: ActorSet, spec: ClipSpec, recipe: Recipe, jitter: Jitter) -> None:
        """Raises DataError where nobody shows some label in training, or the recipe moves pictures but not boxes."""
        if recipe.flip or recipe.zoom or recipe.turn or recipe.mixup:
            raise DataError("clips with boxes are not flipped, zoomed, turned or mixed; leave these out of the recipe")
        self.labels, self.background, self.description = data.labels, data.background, data.description
        parts = {"training": data.training, "calibration": data.calibration, "held_out": data.held_out}
        self.fingerprint = fingerprint(
            data.labels,
            {part: [(one.name, one.group, one.labels) for one in tracks] for part, tracks in parts.items()},
        )
        self._data, self._spec, self._recipe, self._jitter = data, spec, recipe, jitter
        often = [recipe.background if label == data.background else 1.0 for label in data.labels]
        self._shown = [
            [window for window, labels in self._windows(data.training, 1 / spec.interval_s) if place in labels]
            for place in range(len(data.labels))
        ]
        if missing := [label for label, shown in zip(data.labels, self._shown, strict=True) if not shown]:
            raise DataError(f"nobody shows {', '.join(missing)} in training")
        self._chance = np.array(often) / sum(often)

    def batch(self, rng: np.random.Generator) -> tuple[tuple[Tensor, Tensor, Tensor], Tensor]:
        """Each label as often as is asked for in somebody; what the others do is as it comes."""
        places = rng.choice(len(self._shown), self._recipe.batch, p=self._chance)
        windows = [self._varied(self._shown[place][rng.integers(len(self._shown[place]))], rng) for place in places]
        pictures, boxes, owner, truth = self._inputs(windows)
        sides = (boxes[:, 2:] - boxes[:, :2]).repeat(1, 2)
        boxes = boxes + TREMBLE * sides * torch.from_numpy(rng.standard_normal(boxes.shape, np.float32))
        device = self._recipe.on
        shown = torch.from_numpy(pictures).permute(0, 1, 4, 2, 3).to(device)
        seen = relit(shown, pictures, self._recipe, rng)
        return (seen, boxes.to(device), owner.to(device)), truth.to(device)

    def judged(self, network: nn.Module, part: Part) -> Answers:
        """Of everybody whose action is clear."""
        tracks, device = self._data.calibration if part == "calibration" else self._data.held_out, self._recipe.on
        logits, truths = [torch.zeros(0, len(self.labels))], [torch.zeros(0, len(self.labels))]
        with torch.inference_mode():
            for window, labels in self._windows(tracks, HOP_S**-1):
                pictures, boxes, owner, truth = self._inputs([window])
                clear = [place is not None for place in labels]
                logits.append(
                    network(_normalised(pictures, device), boxes[clear].to(device), owner[clear].to(device)).cpu()
                )
                truths.append(truth[clear])
        return Answers(torch.cat(logits), torch.cat(truths).numpy())

    def _windows(self, tracks: tuple[ActorTrack, ...], rate_hz: float) -> Iterator[tuple[Window, list[int | None]]]:
        """Clips of tracks, evenly spaced, with what each person clearly does; those where somebody does."""
        for track in tracks:
            step = max(1, round(track.rate_hz / rate_hz))
            back = window_positions(0, self._spec.frames, self._spec.interval_s * track.rate_hz)
            for end in range(int(-back[0]), len(track.pictures), step):
                window = Window(track, end + back)
                labels = [label if share >= CLEAR else None for label, share in window.labels(len(self._data.labels))]
                if any(label is not None for label in labels):
                    yield window, labels

    def _varied(self, window: Window, rng: np.random.Generator) -> Window:
        """Faster or slower, with pictures that repeat the one before."""
        speed = 1 + rng.uniform(-self._jitter.speed, self._jitter.speed)
        step = self._spec.interval_s * window.track.rate_hz * speed
        positions = window_positions(int(window.positions[-1]), self._spec.frames, step)
        positions = np.maximum(positions, 0)
        for late in np.flatnonzero(rng.random(len(positions)) < self._jitter.repeat).tolist():
            positions[late] = positions[max(late - 1, 0)]
        return Window(window.track, positions)

    def _inputs(self, windows: list[Window]) -> tuple[NDArray[np.uint8], Tensor, Tensor, Tensor]:
        """Pictures `(N, T, H, W, 3)`; boxes `(K, 4)`, owners `(K,)` and truth `(K, C)` of everybody in them."""
        pictures = np.stack([window.track.pictures[window.positions] for window in windows])
        boxes = np.concatenate([window.boxes for window in windows])
        owner = np.repeat(np.arange(len(windows)), [len(window.boxes) for window in windows])
        labels = [label for window in windows for label, _ in window.labels(len(self.labels))]
        truth = F.one_hot(torch.tensor(labels), len(self.labels)).float()
        return pictures, torch.from_numpy(boxes), torch.from_numpy(owner), truth


def _normalised(pictures: NDArray[np.uint8], device: torch.device) -> Tensor:
    """`(N, T, H, W, 3)` → `(N, 3, T, H, W)`."""
    return normalised(torch.from_numpy(pictures).permute(0, 1, 4, 2, 3).to(device), MEAN, STD)
