"""The seams of estimators."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from recognizers.clip import Picture


class PoseEstimator(Protocol):
    """Where people's joints are.

    Laws (tests/contracts/test_pose_estimator.py): scores in [0, 1], the surest first; nobody is no rows; the same
    picture gets the same answer.
    """

    @property
    def layout(self) -> str:
        """Which joints there are and in which order: a key of `recognizers.nn.skeletons.LAYOUTS`."""
        ...

    @property
    def short_side_px(self) -> int:
        """Short side from which a picture shows it all it can use."""
        ...

    def poses(self, picture: Picture) -> NDArray[np.float32]:
        """`(persons, joints, 3)`: x and y in fractions of the picture, and a score in [0, 1]; the surest person first.

        Nobody seen is `(0, joints, 3)`. A joint that lies outside the picture has x or y outside of [0, 1].

        Raises:
            DeviceFailed: not this time; what its library raises never gets out.
        """
        ...


class FlowEstimator(Protocol):
    """How what is seen moves from each picture to the next. One for each thread: some keep state while they look.

    Laws (tests/contracts/test_flow_estimator.py): a still clip has no flow; a pair's flow does not depend on what else
    was looked at.
    """

    @property
    def channels(self) -> int:
        """Of a field: 2 are x (to the right) and y (down) in pixels; where it is not 2, the estimator says what they
        are."""
        ...

    @property
    def limit(self) -> float:
        """No field counts for more than this, either way: beyond, estimates are mistaken more often than things are so
        fast."""
        ...

    def flow(self, pictures: Sequence[Picture]) -> NDArray[np.float32]:
        """T pictures of one size → `(T - 1, channels, H, W)`, from each to the next.

        Raises:
            ValueError: the pictures are too small to say.
            DeviceFailed: not this time; what its library raises never gets out.
        """
        ...


@dataclass(frozen=True, slots=True, repr=False)
class Found:
    """Who was found in a picture, the surest first."""

    boxes: NDArray[np.float32]
    """`(K, 4)` xyxy in fractions of the picture, in [0, 1]."""
    scores: NDArray[np.float32]
    """`(K,)` how sure each is, in [0, 1]."""

    def __repr__(self) -> str:
        return f"Found({self.boxes.shape})"


@runtime_checkable
class ActorDetector(Protocol):
    """Where people are.

    Laws (tests/contracts/test_actor_detector.py): coordinates and scores in [0, 1], right of left and below top; nobody
    is no rows; the same picture gets the same answer.
    """

    @property
    def short_side_px(self) -> int:
        """Short side from which a picture shows it all it can use."""
        ...

    def actors(self, picture: Picture) -> Found:
        """The people in a picture of any size.

        Raises:
            DeviceFailed: not this time; what its library raises never gets out.
        """
        ...
