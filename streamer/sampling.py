"""Which moments of media time belong to which slot of a sampling grid. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence


def slot(media_s: float, interval_s: float) -> int:
    """The slot that a moment falls into; slot k is centred at `k * interval_s`.

    Centring keeps a camera that delivers exactly at the grid's rate away from the borders, where jitter would
    put two pictures into one slot and none into the next.
    """
    return math.floor(media_s / interval_s + 0.5)


class Picker:
    """Says which decoded frames somebody needs: the first of each slot of each grid. One per epoch."""

    def __init__(self, intervals_s: Sequence[float]) -> None:
        self._last = {interval: -1 for interval in intervals_s}

    def wants(self, media_s: float) -> bool:
        wanted = False
        for interval, last in self._last.items():
            now = slot(media_s, interval)
            if now > last:
                self._last[interval] = now
                wanted = True
        return wanted
