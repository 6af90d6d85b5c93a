"""What changed, for want of what moved: it costs nothing (Wang et al., "Temporal Segment Networks", ECCV 2016)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from recognizers.clip import Picture


class RgbDifference:
    """A `FlowEstimator`: later minus earlier of red, green and blue, in levels of 0 to 255."""

    channels = 3
    limit = 255.0

    def flow(self, pictures: Sequence[Picture]) -> NDArray[np.float32]:
        levels = np.stack(pictures).astype(np.float32).transpose(0, 3, 1, 2)
        changed: NDArray[np.float32] = levels[1:] - levels[:-1]
        return changed
