"""What each person does in key frames, by AVA's own figure."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np
import torch

from recognizers.data.ava import AvaData
from recognizers.data.ava_lists import AvaVideo, KeyFrame
from recognizers.data.film import Cut, FilmPictures, Shelf
from recognizers.data.sampling import clip_at
from recognizers.data.track import Tick
from recognizers.data.video import facts
from recognizers.estimators.base import ActorDetector, Found
from recognizers.metrics.detection import Boxes, frame_precision
from recognizers.runtimes.answers import on_device, scores_of
from recognizers.transforms import fitted, normalised
from recognizers.validation.network import Asked

_SHELF_BYTES = 256 << 20


def frame_figures(
    asked: Asked, data: AvaData, split: str, detector: ActorDetector | None, tick: Tick
) -> dict[str, Any]:
    """frame-mAP at IoU 0.5 over the key frames of a side (train or val).

    Args:
        detector: what finds people; `None`: they are asked about in the boxes of the truth, which says what the network
            knows of somebody who was found (and is no figure to put beside published ones).

    Raises:
        DataError: lists or films cannot be read.
    """
    given = data.annotations()
    truth: dict[Hashable, Boxes] = {}
    found: dict[Hashable, Boxes] = {}
    videos = [video for video in given.videos if video.split == split]
    for number, video in enumerate(videos, 1):
        pictures = _Film(video, asked)
        for frame in video.frames:
            truth[frame.key] = _true(frame)
            found[frame.key] = pictures.said(frame, list(given.names.items()), detector)
        tick("key frames of films", number, len(videos))
    precision = frame_precision(truth, found, given.names)
    return {
        "videos": len(videos),
        "key_frames": len(truth),
        "boxes": "truth" if detector is None else "detector",
        "frame_map": round(float(np.mean(list(precision.values()))), 4) if precision else None,
        "average_precision": {given.names[number]: round(one, 4) for number, one in precision.items()},
    }


class _Film:
    """The key frames of a film, as the network is asked about them."""

    def __init__(self, video: AvaVideo, asked: Asked) -> None:
        spec, self._asked = asked.card.spec, asked
        self._begins_s, self._rate_hz = video.begins_s, 1 / spec.interval_s
        cut = Cut.whole(facts(video.path), spec.short_side_px)
        self._pictures = FilmPictures(video.path, self._rate_hz, cut, Shelf(_SHELF_BYTES))

    def said(self, frame: KeyFrame, names: list[tuple[int, str]], detector: ActorDetector | None) -> Boxes:
        """Each box with each label of the map that the network knows."""
        card = self._asked.card
        middle = round((frame.second - self._begins_s) * self._rate_hz)
        start = middle - card.spec.frames // 2  # where the live recognizer looks for people
        shown = list(self._pictures[clip_at(start, card.spec.frames, 1.0, len(self._pictures))])
        people = _given(frame) if detector is None else detector.actors(shown[len(shown) // 2])
        known = [(number, card.labels.index(name)) for number, name in names if name in card.labels]
        if not len(people.boxes):
            return Boxes(np.zeros((0, 4)), np.zeros(0, np.int64), np.zeros(0))
        with on_device(self._asked.threads, 1):
            seen = normalised(fitted(shown, card.crop_px)[None].to(self._asked.device), card.mean, card.std)
            boxes = torch.from_numpy(people.boxes).to(self._asked.device)
            logits = self._asked.network(seen, boxes, torch.zeros(len(boxes), dtype=torch.long))
            scores = scores_of(logits, card).cpu().numpy()
        own = scores[:, [place for _, place in known]] * people.scores[:, None]
        labels = np.tile(np.array([number for number, _ in known], np.int64), len(own))
        return Boxes(np.repeat(people.boxes, len(known), axis=0), labels, own.ravel())


def _given(frame: KeyFrame) -> Found:
    boxes = np.array([person.box for person in frame.people], np.float32).reshape(-1, 4)
    return Found(boxes, np.ones(len(boxes), np.float32))


def _true(frame: KeyFrame) -> Boxes:
    rows = [(person.box, action) for person in frame.people for action in person.actions]
    boxes = np.array([box for box, _ in rows], np.float64).reshape(-1, 4)
    return Boxes(boxes, np.array([action for _, action in rows], np.int64), np.ones(len(rows)))
