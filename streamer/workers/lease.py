"""How long a worker may speak for its streams without hearing from its supervisor. Pure.

A worker on another machine may be frozen, or cut off, while others take over its streams. Each of its beats asks for
time, counted from the beat; the supervisor waits longer after the last beat that it heard. So whoever has no time left
knows that others may have its streams, without a word from anybody (Gray and Cheriton, Leases, SOSP 1989).
"""

from __future__ import annotations

SHARE = 0.9
"""Of the supervisor's patience: what is left makes up for clocks that do not run alike."""


def lasts_s(silent_s: float) -> float:
    """How long a lease lasts where the supervisor waits so long for a beat."""
    return SHARE * silent_s


class Lease:
    """Of one process. All moments are on its own clock that never steps, in seconds."""

    def __init__(self, lasts_s: float) -> None:
        self._lasts_s = lasts_s
        self._asked_s: float | None = None
        """When it was asked for first."""
        self._until_s: float | None = None

    def ask(self, now_s: float) -> None:
        """A beat is sent."""
        if self._asked_s is None:
            self._asked_s = now_s

    def renew(self, asked_s: float) -> None:
        """The supervisor heard the beat that was sent then."""
        until_s = asked_s + self._lasts_s
        self._until_s = until_s if self._until_s is None else max(self._until_s, until_s)

    def holds(self, now_s: float) -> bool:
        """Whether anything may be published."""
        return self._until_s is not None and now_s < self._until_s

    def lapsed(self, now_s: float) -> bool:
        """Whether it is over for good: it was held, or asked for, for too long without an answer. One that lapsed is
        not to be renewed: the process ends."""
        if self._until_s is not None:
            return now_s >= self._until_s
        return self._asked_s is not None and now_s >= self._asked_s + self._lasts_s
