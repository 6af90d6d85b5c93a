"""Lessons of people in boxes: what a network learns from that says what each of them does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from recognizers.clip import ClipSpec
from recognizers.data.actor_windows import ActorWindow, actor_windows
from recognizers.data.actors import ActorSet, ActorTrack, KeyedTrack
from recognizers.data.fingerprint import fingerprint
from recognizers.data.windows import Jitter, drawn_until_readable
from recognizers.errors import DataError
from recognizers.train.augment import relit
from recognizers.train.lessons import Part, described
from recognizers.train.recipe import Recipe
from recognizers.train.validate import CLEAR, HOP_S, Answers, too_short
from recognizers.transforms import MEAN, STD, normalised

TREMBLE = 0.08
"""How far a detector's box is off, in shares of its sides (standard deviation)."""


class ActorLessons:
    """Clips `(N, 3, T, H, W)`, normalised, with the boxes of all people in them and whose each box is."""

    def __init__(self, data: ActorSet, spec: ClipSpec, recipe: Recipe, jitter: Jitter) -> None:
        """Raises DataError where nobody shows some label in training, or nobody is there to judge by, or the recipe
        moves pictures but not boxes."""
        if recipe.flip or recipe.zoom or recipe.turn or recipe.mixup:
            raise DataError("clips with boxes are not flipped, zoomed, turned or mixed; leave these out of the recipe")
        self.labels, self.background = data.labels, data.background
        parts = {"training": data.training, "calibration": data.calibration, "held_out": data.held_out}
        self.fingerprint = fingerprint(
            data.labels,
            {part: [(one.name, one.group, one.labels) for one in tracks] for part, tracks in parts.items()},
        )
        self._data, self._spec, self._recipe, self._jitter = data, spec, recipe, jitter
        often = [recipe.background if label == data.background else 1.0 for label in data.labels]
        self._shown: list[list[ActorWindow]] = [[] for _ in data.labels]
        for window, clear in self._windows(data.training, 1 / spec.interval_s):
            for place in np.flatnonzero(window.truth(len(data.labels))[clear].any(axis=0)).tolist():
                self._shown[place].append(window)
        self._unreadable: dict[str, None] = dict.fromkeys(data.unreadable)
        # Where moments are annotated, whoever does none of the labels is seldom there at all.
        is_keyed = any(isinstance(track, KeyedTrack) for track in data.training)
        unshown = [label for label, shown in zip(data.labels, self._shown, strict=True) if not shown]
        if missing := [label for label in unshown if not (is_keyed and label == data.background)]:
            raise DataError(f"nobody shows {', '.join(missing)} in training")
        if next(self._windows(data.held_out, HOP_S**-1), None) is None:
            raise DataError(too_short(spec, [len(track.pictures) / track.rate_hz for track in data.held_out]))
        often = [one * bool(shown) for one, shown in zip(often, self._shown, strict=True)]
        self._chance = np.array(often) / sum(often)

    @property
    def description(self) -> str:
        return described(self._data.description, tuple(self._unreadable))

    def batch(self, rng: np.random.Generator) -> tuple[tuple[Tensor, Tensor, Tensor], Tensor]:
        """Each label as often as is asked for in somebody; what the others do is as it comes."""
        places = rng.choice(len(self._shown), self._recipe.batch, p=self._chance)
        drawn = [self._readable(int(place), rng) for place in places]
        pictures, boxes, owner, truth = self._inputs(drawn)
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
            for window, clear in self._windows(tracks, HOP_S**-1):
                pictures, boxes, owner, truth = self._inputs([(window, window.pictures)])
                of = torch.from_numpy(clear)
                logits.append(network(_normalised(pictures, device), boxes[of].to(device), owner[of].to(device)).cpu())
                truths.append(truth[of])
        return Answers(torch.cat(logits), torch.cat(truths).numpy())

    def _windows(
        self, tracks: Sequence[ActorTrack | KeyedTrack], rate_hz: float
    ) -> Iterator[tuple[ActorWindow, NDArray[np.bool_]]]:
        """Clips of tracks, with of whom it is clear what they do; those where it is of somebody."""
        for track in tracks:
            for window in actor_windows(track, self._spec, rate_hz):
                clear = window.clear(len(self._data.labels), CLEAR)
                if clear.any():
                    yield window, clear

    def _readable(self, place: int, rng: np.random.Generator) -> tuple[ActorWindow, NDArray[np.uint8]]:
        """A clip that shows a label, with its pictures `(T, H, W, 3)`."""

        def draw() -> tuple[ActorWindow, NDArray[np.uint8]]:
            shown = self._shown[place]
            window = self._varied(shown[rng.integers(len(shown))], rng)
            return window, window.pictures

        return drawn_until_readable(draw, self._unreadable)

    def _varied(self, window: ActorWindow, rng: np.random.Generator) -> ActorWindow:
        """Faster or slower, with pictures that repeat the one before."""
        speed = 1 + rng.uniform(-self._jitter.speed, self._jitter.speed)
        rate_hz = window.track.rate_hz
        played = window.played(self._spec.interval_s * rate_hz * speed)
        return played.repeating(np.flatnonzero(rng.random(self._spec.frames) < self._jitter.repeat).tolist())

    def _inputs(
        self, drawn: Sequence[tuple[ActorWindow, NDArray[np.uint8]]]
    ) -> tuple[NDArray[np.uint8], Tensor, Tensor, Tensor]:
        """Pictures `(N, T, H, W, 3)`; boxes `(K, 4)`, owners `(K,)` and truth `(K, C)` of everybody in them."""
        pictures = np.stack([shown for _, shown in drawn])
        boxes = np.concatenate([window.boxes for window, _ in drawn])
        owner = np.repeat(np.arange(len(drawn)), [len(window.boxes) for window, _ in drawn])
        truth = np.concatenate([window.truth(len(self.labels)) for window, _ in drawn])
        return pictures, torch.from_numpy(boxes), torch.from_numpy(owner), torch.from_numpy(truth)


def _normalised(pictures: NDArray[np.uint8], device: torch.device) -> Tensor:
    """`(N, T, H, W, 3)` → `(N, 3, T, H, W)`."""
    return normalised(torch.from_numpy(pictures).permute(0, 1, 4, 2, 3).to(device), MEAN, STD)
