"""What a worker's streams cost, of what it counts anyway."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field

from streamer.metrics import Metrics
from streamer.placement import Cost, Report


class CountingMetrics(Metrics):
    """Metrics that also count what costs are made of."""

    def __init__(self) -> None:
        super().__init__()
        self.counts = Counts()

    def clip_cut(self, stream: str, coverage: float) -> None:
        super().clip_cut(stream, coverage)
        self.counts.cut[stream] += 1

    def inferred(self, recognizer: str, result: str, clips: int, took_s: float) -> None:
        super().inferred(recognizer, result, clips, took_s)
        self.counts.looked += clips
        self.counts.busy_s += took_s

    def stream_removed(self, stream: str) -> None:
        super().stream_removed(stream)
        self.counts.cut.pop(stream, None)


@dataclass(slots=True)
class Counts:
    """Since the worker began."""

    cut: Counter[str] = field(default_factory=Counter)
    """Clips by stream, looked at or not."""
    looked: int = 0
    """Clips that were looked at, of all streams."""
    busy_s: float = 0.0
    """Seconds of the engine on them."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What was counted by a moment."""

    at_s: float
    """On the clock that never steps."""
    cpu_s: float
    """Of the process."""
    pictures: Counter[str]
    cut: Counter[str]
    looked: int
    busy_s: float


def report(before: Sample, after: Sample, streams: Collection[str], share: float) -> Report:
    """Costs between two samples.

    A clip's share of the engine counts whether it was looked at or shed: what is asked, not what could be done. What
    is not recognition is shared out by pictures.

    Args:
        share: CPUs that are this slot's part of the machine's.
    """
    took_s = after.at_s - before.at_s
    looked = after.looked - before.looked
    busy_s = after.busy_s - before.busy_s
    a_look_s = busy_s / looked if looked else 0.0
    rest = max(0.0, after.cpu_s - before.cpu_s - busy_s) / took_s / share
    pictures = {stream: max(0, after.pictures[stream] - before.pictures[stream]) for stream in streams}
    all_pictures = sum(pictures.values())
    costs = {
        stream: Cost(
            base=rest * pictures[stream] / all_pictures if all_pictures else 0.0,
            looks=max(0, after.cut[stream] - before.cut[stream]) / took_s * a_look_s,
        )
        for stream in streams
    }
    return Report(0.0 if all_pictures else rest, costs)
