"""Of which events pictures are kept, and of which seconds. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from streamer.event import ActionEvent, Phase, Reason, StepEvent

ALL = "all"
LATE_S = 10.0
"""Decisions come so late at most; what is decided later is shown as far as it is still there."""

Shown = ActionEvent | StepEvent
"""Events of which pictures can be kept."""


@dataclass(frozen=True, slots=True)
class EvidenceRule:
    """What a watch wants kept."""

    actions: frozenset[str] = frozenset()
    """Labels; `all` stands for every one."""
    verdicts: frozenset[str] = frozenset()
    """On steps; likewise."""
    phases: frozenset[str] = frozenset({"started"})
    """Of actions."""
    before_s: float = 5.0
    after_s: float = 5.0
    longest_s: float = 30.0
    """Of a clip."""
    clip: bool = True
    snapshot: bool = True
    snapshot_size: Literal["full", "analysis"] = "full"
    """The camera's, or what the network saw."""

    @property
    def keeps_any(self) -> bool:
        return bool(self.actions or self.verdicts) and (self.clip or self.snapshot)

    def wants(self, event: Shown) -> bool:
        """Whether pictures of this event are kept. Of what was found open after a crash there are none."""
        if not self.keeps_any:
            return False
        if isinstance(event, StepEvent):
            return bool({ALL, str(event.verdict)} & self.verdicts)
        chosen = bool({ALL, event.action} & self.actions) and str(event.phase) in self.phases
        return chosen and event.reason is not Reason.INTERRUPTED

    def span(self, event: Shown) -> tuple[float, float]:
        """From when to when, in Unix seconds: the event from its start to where it stands now, with what was before and
        what comes after; where that is longer than `longest_s`, the last of it."""
        start, last = event.at, event.decided_at
        if isinstance(event, ActionEvent):
            start, last = event.started_at, event.at
        end = last + self.after_s
        return max(start - self.before_s, end - self.longest_s), end

    @property
    def reaches_back_s(self) -> float:
        """How much of the stream must be at hand when the last second of a clip has come."""
        whole = self.before_s + self.after_s
        if self.verdicts or str(Phase.ENDED) in self.phases:
            whole = max(whole, self.longest_s)
        return min(whole, self.longest_s) + LATE_S
