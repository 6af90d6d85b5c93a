"""A recognizer that says what each person does: people are found in one picture of a clip, then the network is asked
about each of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from recognizers.card import Card
from recognizers.clip import Clip, Region
from recognizers.estimators.base import ActorDetector, Found
from recognizers.models.slowfast_actors import SlowFastActors
from recognizers.prediction import Actors
from recognizers.recognizer import Answer, State
from recognizers.runtimes.answers import on_device, own_device, prediction_of, scores_of
from recognizers.runtimes.folded import FoldedSlowFast
from recognizers.transforms import crop_to_region, fitted, normalised


class LocalisedRecognizer:
    """A SlowFastActors network behind the `Recognizer` seam, on a GPU where there is one.

    People are looked for in the picture in the middle of a clip: the network averages its features over the clip, and
    there somebody is nearest to where they were all along (AVA annotates it for that reason). A clip that shows nobody
    costs no more than looking for them.
    """

    def __init__(self, network: SlowFastActors, card: Card, detector: ActorDetector, threads: int) -> None:
        wanted_px = max(card.spec.short_side_px, detector.short_side_px)
        self.spec = replace(card.spec, short_side_px=wanted_px, square=False)
        self.labels, self.background = card.labels, card.background
        self._card, self._detector, self._threads = card, detector, threads
        self._device = own_device()
        self._network = network.to(self._device).eval()
        self._folded: FoldedSlowFast | None = None
        if self._device.type == "cpu":
            self._folded = FoldedSlowFast(network.trunk, card.mean, card.std).eval()

    def recognize(self, clips: Sequence[Clip], states: Sequence[State | None]) -> list[Answer]:
        """Answer each clip. Safe to call from one thread at a time.

        Raises:
            OutOfDeviceMemory: fewer clips at once may fit.
            DeviceFailed: not these; the next may be answered.
        """
        with on_device(self._threads, len(clips)):
            return [self._answer(clip, state) for clip, state in zip(clips, states, strict=True)]

    def _answer(self, clip: Clip, state: State | None) -> Answer:
        shown = [crop_to_region(picture, clip.region) for picture in clip.pictures]
        found = self._detector.actors(shown[len(shown) // 2])
        scores, known = np.zeros((0, len(self.labels)), np.float32), None
        if len(found.boxes):
            logits, known = self._logits(fitted(shown, self._card.crop_px), clip, torch.from_numpy(found.boxes), state)
            scores = scores_of(logits, self._card).cpu().numpy()
            known = known if np.isfinite(scores).all() else None  # what broke would break whatever follows
        actors = Actors(_in_the_picture(found, clip.region), found.scores, scores)
        return prediction_of(clip, self._anybody(scores), exclusive=False, actors=actors), known

    def _logits(self, pictures: Tensor, clip: Clip, boxes: Tensor, state: State | None) -> tuple[Tensor, State | None]:
        """`(T, 3, H, W)` uint8 and boxes in them → `(K, C)`, and what to hand in with the next clip."""
        owner = torch.zeros(len(boxes), dtype=torch.long)
        if self._folded is None:
            seen = normalised(pictures[None].to(self._device), self._card.mean, self._card.std)
            return self._network(seen, boxes.to(self._device), owner), None
        stems, known = self._folded.follow(pictures, clip, state, self._card.spec.hop)
        return self._network.decide(*self._folded.maps([stems]), boxes, owner), known

    def _anybody(self, scores: NDArray[np.float32]) -> NDArray[np.float32]:
        """`(K, C)` → `(C,)`: an action goes on where somebody does it; the background, where nobody does anything."""
        none = self.labels.index(self.background)
        anybody: NDArray[np.float32] = scores.max(axis=0, initial=0.0)
        anybody[none] = scores[:, none].min(initial=1.0)
        return anybody


def _in_the_picture(found: Found, region: Region) -> NDArray[np.float32]:
    """Boxes in fractions of a region → in fractions of the whole picture."""
    corner = np.array([region.left, region.top] * 2, np.float32)
    sides = np.array([region.right - region.left, region.bottom - region.top] * 2, np.float32)
    boxes: NDArray[np.float32] = np.clip(corner + found.boxes * sides, 0, 1)
    return boxes
