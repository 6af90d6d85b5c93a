"""People's joints by BlazePose (Bazarevsky et al. 2020) and hands' by MediaPipe Hands (Zhang et al. 2020).

Both find somebody in the whole picture first, then look closer at a square around each, turned as they are. Every
picture stands alone: nothing is kept from one to the next, so the same picture gets the same answer.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recognizers.clip import Picture
from recognizers.estimators.detections import Detection, anchors, detections
from recognizers.estimators.litert import Network
from recognizers.estimators.squares import Numbers, Points, Square, upwards

SHORT_SIDE_PX = 360
"""The detectors see less of the whole picture, the closer look more of a person who does not fill it."""
_SURE = 0.5
"""From so much on somebody is there, says the detector, and then the closer look."""
_OVERLAP = 0.3
_KERNEL, _PEAK = 7, 0.5
"""Side of the window of a heat map that moves a joint; a window without such a peak does not."""


class PeoplePoses:
    """The joints of people, in the layout `mediapipe33`."""

    layout = "mediapipe33"
    networks = ("pose_detector.tflite", "pose_landmarks_detector.tflite")
    short_side_px = SHORT_SIDE_PX

    def __init__(self, bundle: Path, persons: int, threads: int) -> None:
        """`bundle`: pose_landmarker_lite, _full or _heavy; the `persons` surest are looked at.

        Raises:
            CheckpointMismatch: the bundle is missing, damaged or another; LiteRT is not installed.
        """
        self._persons = persons
        self._anchors = anchors(224, ((8, 2), (16, 2), (32, 6)))
        self._detector = Network(bundle, self.networks[0], ((224, 224, 3), (2254, 12), (2254, 1)), threads)
        outputs = ((195,), (1,), (256, 256, 1), (64, 64, 39))
        self._closer = Network(bundle, self.networks[1], ((256, 256, 3), *outputs), threads)

    def poses(self, picture: Picture) -> NDArray[np.float32]:
        whole = Square.around(picture)
        boxes, logits = self._detector(whole.cut(picture, 224) * 2 - 1)
        found = detections(boxes, logits[:, 0], self._anchors, 224, sure=_SURE, overlap=_OVERLAP)
        people = [self._look_closer(picture, person_square(whole, one)) for one in found[: self._persons]]
        return in_fractions([one for one in people if one is not None], picture, 33)

    def _look_closer(self, picture: Picture, square: Square) -> Numbers | None:
        """`(33, 3)` x, y in pixels and how visible; `None` if nobody is there."""
        joints, there, _, heat = self._closer(square.cut(picture, 256))
        if there[0] < _SURE:
            return None
        joints = joints.reshape(39, 5)[:33]
        places = refined(joints[:, :2] / 256, heat[..., :33])
        visible = 1 / (1 + np.exp(-joints[:, 3:4]))
        return np.concatenate((square.to_picture(places), visible), axis=1)


class HandPoses:
    """The joints of hands, in the layout `hands21`; every joint is as sure as its hand."""

    layout = "hands21"
    networks = ("hand_detector.tflite", "hand_landmarks_detector.tflite")
    short_side_px = SHORT_SIDE_PX

    def __init__(self, bundle: Path, persons: int, threads: int) -> None:
        """`bundle`: hand_landmarker; the `persons` surest hands are looked at.

        Raises:
            CheckpointMismatch: the bundle is missing, damaged or another; LiteRT is not installed.
        """
        self._hands = persons
        self._anchors = anchors(192, ((8, 2), (16, 6)))
        self._detector = Network(bundle, self.networks[0], ((192, 192, 3), (2016, 18), (2016, 1)), threads)
        self._closer = Network(bundle, self.networks[1], ((224, 224, 3), (63,), (1,)), threads)

    def poses(self, picture: Picture) -> NDArray[np.float32]:
        whole = Square.around(picture)
        boxes, logits = self._detector(whole.cut(picture, 192))
        found = detections(boxes, logits[:, 0], self._anchors, 192, sure=_SURE, overlap=_OVERLAP)
        hands = [self._look_closer(picture, hand_square(whole, one)) for one in found[: self._hands]]
        return in_fractions([one for one in hands if one is not None], picture, 21)

    def _look_closer(self, picture: Picture, square: Square) -> Numbers | None:
        """`(21, 3)` x, y in pixels and how sure; `None` if no hand is there."""
        joints, there = self._closer(square.cut(picture, 224))
        if there[0] < _SURE:
            return None
        places = square.to_picture(joints.reshape(21, 3)[:, :2] / 224)
        return np.concatenate((places, np.full((21, 1), there[0])), axis=1)


def in_fractions(poses: list[Numbers], picture: Picture, joints: int) -> NDArray[np.float32]:
    """From pixels to fractions of the picture, the surest first: `(persons, joints, 3)`."""
    ordered = sorted(poses, key=lambda pose: float(pose[:, 2].mean()), reverse=True)
    together = np.array(ordered, np.float32).reshape(-1, joints, 3)
    height, width = picture.shape[:2]
    together[..., :2] /= (width, height)
    return together


def refined(places: Points, heat: Numbers) -> Points:
    """Joints moved to the middle of what a heat map shows around them.

    Args:
        places: `(J, 2)` in fractions of the square.
        heat: `(H, W, J)` logits.
    """
    height, width, _ = heat.shape
    moved = places.copy()
    for joint, (x, y) in enumerate(places * (width, height)):
        if not (0 <= x < width and 0 <= y < height):
            continue
        top, left = max(int(y) - _KERNEL // 2, 0), max(int(x) - _KERNEL // 2, 0)
        window = heat[top : int(y) + _KERNEL // 2 + 1, left : int(x) + _KERNEL // 2 + 1, joint]
        weights = 1 / (1 + np.exp(-window))
        if weights.max() >= _PEAK:
            rows, columns = np.mgrid[: window.shape[0], : window.shape[1]]
            total = weights.sum()
            moved[joint] = (
                (left + (weights * columns).sum() / total) / width,
                (top + (weights * rows).sum() / total) / height,
            )
    return moved


def person_square(whole: Square, found: Detection) -> Square:
    """The detector marks the middle of the hips, and a point as far from it as the body reaches, above the head."""
    hips, above = whole.to_picture(found.marks[:2])
    reach = float(np.linalg.norm(above - hips))
    return Square(float(hips[0]), float(hips[1]), 2.5 * reach, upwards(hips, above))


def hand_square(whole: Square, found: Detection) -> Square:
    """The box is that of the palm; the fingers are beyond it, from the wrist past the middle finger's first joint."""
    wrist, knuckle = whole.to_picture(found.marks[[0, 2]])
    turn = upwards(wrist, knuckle)
    long = float(found.size.max()) * whole.side
    ((x, y),) = whole.to_picture(found.middle)
    palm = Square(float(x), float(y), long, turn)
    ((x, y),) = palm.to_picture(np.array([[0.5, 0.0]], np.float32))
    return Square(float(x), float(y), 2.6 * long, turn)
