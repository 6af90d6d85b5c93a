"""When the camera could not see. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

MOST_SPANS = 1000


@dataclass(slots=True)
class Sight:
    """Spans of Unix time without sight: camera down, frozen, dark or blocked."""

    _spans: list[tuple[float, float]] = field(default_factory=list)
    _since: float | None = None

    @property
    def blind(self) -> bool:
        return self._since is not None

    @property
    def since(self) -> float:
        """Since when nothing is seen; infinity while it is."""
        return math.inf if self._since is None else self._since

    def lost(self, at: float) -> None:
        """Nothing is seen from now on."""
        if self._since is None:
            self._since = at

    def restored(self, at: float) -> None:
        if self._since is not None:
            self._spans.append((self._since, max(at, self._since)))
            self._since = None
        if len(self._spans) > MOST_SPANS:  # a camera that comes and goes: between the oldest two nothing counts as seen
            (start, _), (_, end), *later = self._spans
            self._spans = [(start, end), *later]

    def hid(self, start: float, end: float, least_s: float = 0.0) -> bool:
        """Whether something that takes `least_s` can have happened unseen between two moments (both included)."""
        open_span = [] if self._since is None else [(self._since, math.inf)]
        shared = [(max(start, lost), min(end, back)) for lost, back in (*self._spans, *open_span)]
        return any(lost <= back and back - lost >= least_s for lost, back in shared)

    def covers(self, start: float, end: float) -> bool:
        """Whether nothing was seen from one moment to the other."""
        open_span = [] if self._since is None else [(self._since, math.inf)]
        return any(lost <= start and end <= back for lost, back in (*self._spans, *open_span))

    def last(self) -> float:
        """When sight came back last; minus infinity where it was never lost."""
        return self._spans[-1][1] if self._spans else -math.inf

    def forget(self, before: float) -> None:
        """Spans that ended before are not asked for any more."""
        self._spans = [span for span in self._spans if span[1] >= before]
