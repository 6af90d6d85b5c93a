"""A recognizer of skeletons: joints are found in new pictures only, then the network sees the whole clip."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from recognizers.card import Card
from recognizers.clip import Clip, Picture, Region
from recognizers.errors import CheckpointMismatch
from recognizers.estimators.base import PoseEstimator
from recognizers.models.san import San
from recognizers.nn.skeletons import places_of
from recognizers.recognizer import Answer, State
from recognizers.runtimes.answers import answered, own_device
from recognizers.runtimes.people import Poses, in_their_places
from recognizers.transforms import crop_to_region


@dataclass(frozen=True, slots=True)
class _Known:
    """What the clip before leaves for the next of the same watch."""

    region: Region
    pictures: tuple[Picture, ...]
    """Held, so that no other picture can be taken for one of them."""
    poses: tuple[Poses, ...]


class SkeletalRecognizer:
    """A SAN network behind the `Recognizer` seam, on a GPU where there is one."""

    def __init__(self, network: San, card: Card, estimator: PoseEstimator, threads: int) -> None:
        """Raises CheckpointMismatch where the network needs other joints than the estimator finds."""
        size = network.size
        places = places_of(size.layout, estimator.layout)
        if places is None or size.coordinates != 2:
            raise CheckpointMismatch(
                f"the network looks at {size.layout} in {size.coordinates} dimensions, the estimator finds "
                f"{estimator.layout} in 2; train on what the estimator finds, or take another estimator"
            )
        wanted_px = max(card.spec.short_side_px, estimator.short_side_px)
        self.spec = replace(card.spec, short_side_px=wanted_px, square=False)
        self.labels, self.background = card.labels, card.background
        self._card, self._threads, self._estimator, self._places = card, threads, estimator, list(places)
        self._joints, self._persons = len(network.layout.joints), size.persons
        self._device = own_device()
        self._network = network.to(self._device).eval()

    def recognize(self, clips: Sequence[Clip], states: Sequence[State | None]) -> list[Answer]:
        """Answer each clip; see `answered`."""
        return answered(self._logits, clips, states, self._card, self._threads)

    def _logits(self, clips: Sequence[Clip], states: Sequence[State | None]) -> tuple[Tensor, Sequence[State | None]]:
        known = [self._find(clip, state) for clip, state in zip(clips, states, strict=True)]
        return self._network(torch.stack([self._input(one) for one in known]).to(self._device)), known

    def _find(self, clip: Clip, state: State | None) -> _Known:
        """Poses of every picture of a clip; those that the clip before showed too are not looked at again."""
        seen: dict[int, Poses] = {}
        if isinstance(state, _Known) and state.region == clip.region:
            seen = {id(picture): poses for picture, poses in zip(state.pictures, state.poses, strict=True)}
        for picture in clip.pictures:
            if id(picture) not in seen:
                seen[id(picture)] = self._poses(picture, clip.region)
        return _Known(clip.region, clip.pictures, tuple(seen[id(picture)] for picture in clip.pictures))

    def _poses(self, picture: Picture, region: Region) -> Poses:
        """The network's joints in heights of the region, so that a circle is round whatever the region's shape."""
        shown = crop_to_region(picture, region)
        poses = self._estimator.poses(shown)[:, self._places].astype(np.float32)
        poses[..., 0] *= shown.shape[1] / shown.shape[0]
        return poses

    def _input(self, known: _Known) -> Tensor:
        """`(C, T, J, M)`."""
        placed: NDArray[np.float32] = in_their_places(known.poses, self._joints, self._persons)
        return torch.from_numpy(placed).permute(3, 0, 2, 1)
