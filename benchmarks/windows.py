"""A window of time in the life of a service: what it cost, what it held, and what it did."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median

from benchmarks.capacity import bucket_quantile
from benchmarks.children import Child, CpuClock
from benchmarks.fleets import Fleet, Seen, Taken, cpu_of
from benchmarks.trends import jain, slope

SLICE_S = 4.0
"""A whole turn of the cameras' films."""


@dataclass(frozen=True, slots=True)
class Beside:
    """What runs beside the service."""

    apart: Mapping[str, int]
    """Processes whose CPU time is told apart, by name."""
    yardstick: Child
    idle_piece_s: float
    """Of the yardstick, while nothing else ran."""
    cpus: int


@dataclass(frozen=True, slots=True)
class Costs:
    """In CPUs (CPU seconds a second) and MiB."""

    slices: tuple[float, ...]
    """What the service used, slice by slice."""
    first: float
    """Of that, the process that was started first: the supervisor, where there are workers."""
    apart: Mapping[str, float]
    load: float
    """Share of the machine that was in use, by whomever."""
    dearer: float
    """How many times the CPU seconds of an idle machine the same work took."""
    memory: tuple[Taken, ...]
    grows: float
    """Resident memory of all processes, MiB a minute."""

    @property
    def used(self) -> float:
        return median(self.slices)


@dataclass(frozen=True, slots=True)
class Work:
    """Clips a second; seconds."""

    asked: float
    """Clips that were cut."""
    looked: Mapping[str, float]
    """By stream that is watched."""
    shed: Mapping[str, float]
    """By reason."""
    ages: Mapping[str, tuple[float, float, float]]
    """Medians, 95th and 99th percentiles: see `HISTOGRAMS`."""
    degraded: Mapping[int, int]
    """Streams by level."""
    refused: int
    """Streams that no worker has room for."""

    @property
    def fairness(self) -> float:
        return jain(list(self.looked.values()))


@dataclass(frozen=True, slots=True)
class Window:
    cameras: int
    costs: Costs
    work: Work


HISTOGRAMS: Mapping[str, tuple[str, dict[str, str]]] = {
    "looked": ("takt_frame_age_seconds", {}),  # of the newest picture, when a clip's answer is there
    "queue": ("takt_stage_duration_seconds", {"stage": "queue"}),  # of a clip, when its batch begins
    "event": ("takt_glass_to_event_seconds", {}),  # from the deciding picture to the broker's PUBACK
}


def window(fleet: Fleet, beside: Beside, cameras: int, seconds: float) -> Window:
    """Watch for so long; nobody is asked anything while CPU time is counted."""
    before = fleet.look()
    costs = costs_of(fleet, beside, seconds)
    return Window(cameras, costs, work_of(before, fleet.look()))


def costs_of(fleet: Fleet, beside: Beside, seconds: float) -> Costs:
    beside.yardstick.ask()
    root, began = fleet.processes[0].pid, fleet.cpu_s()
    clock, apart_s = CpuClock([]), {name: cpu_of(pid) for name, pid in beside.apart.items()}
    began_s = at_s = time.monotonic()
    slices, held, used = list[float](), [(0.0, fleet.rss_mib())], began
    for number in range(1, max(1, round(seconds / SLICE_S)) + 1):
        time.sleep(max(0.0, began_s + number * SLICE_S - time.monotonic()))
        now, now_s = fleet.cpu_s(), time.monotonic()
        slices.append(sum(cpu_s - used.get(pid, 0.0) for pid, cpu_s in now.items()) / (now_s - at_s))
        used, at_s = now, now_s
        held.append(((now_s - began_s) / 60, fleet.rss_mib()))
    _, machine_s, wall_s = clock.read()
    return Costs(
        slices=tuple(slices),
        first=(used[root] - began[root]) / wall_s,
        apart={name: (cpu_of(pid) - apart_s[name]) / wall_s for name, pid in beside.apart.items()},
        load=machine_s / wall_s / beside.cpus,
        dearer=beside.yardstick.ask()["piece_s"] / beside.idle_piece_s,
        memory=tuple(fleet.memory()),
        grows=slope(held),
    )


def work_of(before: Seen, after: Seen) -> Work:
    per_s, levels = 1 / (after.at - before.at), after.now("takt_stream_degraded", "stream").values()

    def rates(metric: str, label: str) -> dict[str, float]:
        return {name: per_s * count for name, count in after.since(before, metric, label).items()}

    return Work(
        asked=sum(rates("takt_clips_cut_total", "stream").values()),
        looked=rates("takt_clips_recognized_total", "stream"),
        shed={reason: rate for reason, rate in rates("takt_clips_shed_total", "reason").items() if rate},
        ages={name: _quantiles(after.buckets(before, metric, **only)) for name, (metric, only) in HISTOGRAMS.items()},
        degraded={level: sum(one == level for one in levels) for level in sorted({int(one) for one in levels})},
        refused=int(sum(after.now("takt_streams_waiting", "worker").values())),
    )


def _quantiles(buckets: Mapping[float, float]) -> tuple[float, float, float]:
    return bucket_quantile(buckets, 0.5), bucket_quantile(buckets, 0.95), bucket_quantile(buckets, 0.99)
