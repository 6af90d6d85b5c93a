"""Whether a stream is looked at: online, stalled or offline, and why. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

ONLINE, STALLED, OFFLINE = "online", "stalled", "offline"


@dataclass(frozen=True, slots=True)
class Status:
    """What a late comer wants to know of a stream."""

    status: str
    reason: str
    """What the connection is: connecting, live, ended, a fault's word; of a stalled one no_frames or no_decisions."""
    since: float
    """Unix seconds."""


class Presence:
    """Follows the connection, the pictures and the answers of one stream.

    `passed_s` are seconds on a clock that never steps.
    """

    def __init__(self, patience_s: float, decisions_s: Mapping[str, float], now: float) -> None:
        """
        Args:
            patience_s: a live stream without a picture for so long is stalled.
            decisions_s: by watch, how long it may be before a clip is answered.
            now: Unix seconds.
        """
        self._patience_s = patience_s
        self._decisions_s = dict(decisions_s)
        self._answered_s: dict[str, float] = {}
        self._frame_s = 0.0
        self._live = False
        self.status = Status(OFFLINE, "connecting", now)

    def changed(self, live: bool, reason: str, now: float, passed_s: float) -> bool:
        """The connection came or went; whether the status is another now."""
        self._live = live
        self._frame_s = passed_s
        self._answered_s = dict.fromkeys(self._decisions_s, passed_s)
        return self._become(ONLINE if live else OFFLINE, reason, now)

    def answered(self, watch: str, passed_s: float) -> None:
        """A clip of a watch was answered."""
        self._answered_s[watch] = passed_s

    def passed(self, frame_s: float | None, now: float, passed_s: float) -> bool:
        """Time went by, the newest picture came at `frame_s`; whether the status is another now."""
        if not self._live:
            return False
        self._frame_s = max(self._frame_s, frame_s or 0.0)
        if passed_s - self._frame_s > self._patience_s:
            return self._become(STALLED, "no_frames", now)
        late = [watch for watch, most_s in self._decisions_s.items() if passed_s - self._answered_s[watch] > most_s]
        if late:
            return self._become(STALLED, "no_decisions", now)
        return self.status.status == STALLED and self._become(ONLINE, "live", now)

    def _become(self, status: str, reason: str, now: float) -> bool:
        if (status, reason) == (self.status.status, self.status.reason):
            return False
        self.status = Status(status, reason, now)
        return True
