"""The seams of estimators."""

from __future__ import annotations

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
