"""How many pictures a second are shown. Pure."""

from __future__ import annotations

_EARLY_S = 0.005
"""Times of pictures are not exact: one that comes so early is not left out for the next."""


class Pace:
    """Chooses pictures by their times, at most so many a second on average."""

    def __init__(self, interval_s: float) -> None:
        self.interval_s = interval_s
        self._last_s = self._due_s = 0.0
        self._began = False

    def wants(self, at_s: float) -> bool:
        """Whether the picture of this time is one to show; a time before the last one begins anew."""
        again, self._last_s = at_s < self._last_s, at_s
        if self._began and not again and at_s < self._due_s - _EARLY_S:
            return False
        late = not self._began or again or at_s >= self._due_s + self.interval_s
        self._began, self._due_s = True, (at_s if late else self._due_s) + self.interval_s
        return True
