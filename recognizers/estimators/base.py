"""The seams of estimators."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from recognizers.clip import Picture


class PoseEstimator(Protocol):
    """Where people's joints are."""

    @property
    def layout(self) -> str:
        """Which joints there are and in which order: a key of `recognizers.nn.skeletons.LAYOUTS`."""
        ...

    def poses(self, picture: Picture) -> NDArray[np.float32]:
        """`(persons, joints, 3)`: x and y in fractions of the picture, and a score in [0, 1]; the surest person first.

        Nobody seen is `(0, joints, 3)`. A joint that lies outside the picture has x or y outside of [0, 1].
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
        """
        ...
