"""The seams between a picture and what is found in it before a recognizer thinks."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from recognizers.clip import Picture


@runtime_checkable
class PoseEstimator(Protocol):
    """Anything that finds people's joints in one picture.

    Laws: the same picture gets the same answer, whatever was seen before; coordinates lie in [0, 1] of the picture;
    where nobody is there are no rows.
    """

    @property
    def layout(self) -> str:
        """A key of `recognizers.nn.skeletons.LAYOUTS`: which joints, in which order."""
        ...

    def poses(self, picture: Picture) -> NDArray[np.float32]:
        """`(persons, joints, 3)`: x and y in [0, 1] of the picture, and how sure it is of the joint, in [0, 1]."""
        ...
