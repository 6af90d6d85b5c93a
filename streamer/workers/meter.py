"""What a worker's streams cost, of what it counts anyway."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from streamer.clock import Clock
from streamer.metrics import Metrics
from streamer.placement import Cost, Report

REPORT_S = 5.0
"""Seconds from one report of what streams cost to the next."""


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

    def decoded(self, stream: str, frames: int, decode_cpu_s: float, scale_cpu_s: float) -> None:
        super().decoded(stream, frames, decode_cpu_s, scale_cpu_s)
        self.counts.decoding_s[stream] = self.counts.decoding_s.get(stream, 0.0) + decode_cpu_s + scale_cpu_s

    def stream_removed(self, stream: str) -> None:
        super().stream_removed(stream)
        self.counts.cut.pop(stream, None)
        self.counts.decoding_s.pop(stream, None)


@dataclass(slots=True)
class Counts:
    """Since the worker began."""

    cut: Counter[str] = field(default_factory=Counter)
    """Clips by stream, looked at or not."""
    looked: int = 0
    """Clips that were looked at, of all streams."""
    busy_s: float = 0.0
    """Seconds of the engine on them."""
    decoding_s: dict[str, float] = field(default_factory=dict)
    """CPU seconds of decode threads, by stream."""

    def copy(self) -> Counts:
        """As they are now."""
        return Counts(Counter(self.cut), self.looked, self.busy_s, dict(self.decoding_s))


@dataclass(frozen=True, slots=True)
class Sample:
    """What was counted by a moment."""

    at_s: float
    """On the clock that never steps."""
    cpu_s: float
    """Of the process."""
    loop_s: float
    """Of that, the event loop's."""
    pictures: Mapping[str, int]
    counts: Counts


def report(before: Sample, after: Sample, streams: Collection[str], share: float) -> Report:
    """Costs between two samples.

    Decoding is each stream's own; what the event loop does is shared out by pictures. What is left is recognition's. A
    look takes its time of the engine and its CPU time of the slot's share, and whichever is scarcer counts: where
    workers wait for a CPU, their engines seem to have time. It counts for every clip, looked at or shed: what is asked,
    not what could be done.

    Args:
        share: CPUs that are this slot's part of the machine's.
    """
    took_s = after.at_s - before.at_s

    def of_share(cpu_s: float) -> float:
        return max(0.0, cpu_s) / took_s / share

    decoding = {one: after.counts.decoding_s.get(one, 0.0) - before.counts.decoding_s.get(one, 0.0) for one in streams}
    pictures = {one: max(0, after.pictures.get(one, 0) - before.pictures.get(one, 0)) for one in streams}
    loop_s, all_pictures = after.loop_s - before.loop_s, sum(pictures.values())
    looking_s = after.cpu_s - before.cpu_s - loop_s - sum(decoding.values())
    looked, busy_s = after.counts.looked - before.counts.looked, after.counts.busy_s - before.counts.busy_s
    a_look_s = max(busy_s / took_s, of_share(looking_s)) * took_s / looked if looked else 0.0
    costs = {
        one: Cost(
            base=of_share(decoding[one]) + (of_share(loop_s) * pictures[one] / all_pictures if all_pictures else 0.0),
            looks=max(0, after.counts.cut[one] - before.counts.cut[one]) / took_s * a_look_s,
        )
        for one in streams
    }
    explained = (loop_s if all_pictures else 0.0) + (looking_s if looked else 0.0) + sum(decoding.values())
    return Report(of_share(after.cpu_s - before.cpu_s - explained), costs)


def used() -> tuple[float, float]:
    """CPU seconds of the process, and of the thread that asks."""
    return time.process_time(), time.thread_time()


class Meter:
    """What streams cost, from one report to the next. Lives on the event loop."""

    def __init__(
        self, metrics: CountingMetrics, clock: Clock, share: float, used: Callable[[], tuple[float, float]] = used
    ) -> None:
        self._metrics, self._clock, self._share, self._used = metrics, clock, share, used
        self._before = self._sample()

    def begin(self) -> None:
        """Other streams are watched from now on: what it took to load their networks is not what they cost."""
        self._before = self._sample()

    def due(self, streams: Collection[str]) -> Report | None:
        """A report, where it is time for one."""
        if self._clock.monotonic() - self._before.at_s < REPORT_S:
            return None
        before, self._before = self._before, self._sample()
        return report(before, self._before, streams, self._share)

    def _sample(self) -> Sample:
        cpu_s, loop_s = self._used()
        counts = self._metrics.counts.copy()
        return Sample(self._clock.monotonic(), cpu_s, loop_s, Counter(self._metrics.pictures), counts)
