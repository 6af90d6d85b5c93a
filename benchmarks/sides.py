"""The two sides that are compared: a bare PyAV loop, and the service. Each trial starts its processes anew."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from prometheus_client.parser import text_string_to_metric_families

from benchmarks.capacity import LATE_S, Trial, bucket_quantile, late_share, quantile
from benchmarks.children import Child, CpuClock, NoAnswer

READY_S = 40.0


@dataclass(frozen=True, slots=True)
class Setup:
    """What both sides share."""

    folder: Path
    urls: Sequence[str]
    """Cameras take them in turn."""
    size: tuple[int, int]
    """(width, height) of scaled pictures."""
    interval_s: float
    window_s: float
    warm_s: float
    apart: Mapping[str, int]
    """Processes whose CPU time counts for neither side, by name."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What one side says of its window."""

    trial: Trial
    p95_s: float = float("nan")
    """Of the ages that `late_share` is about."""
    counted: int = 0
    """How many ages those were."""
    parts: Mapping[str, float] = field(default_factory=dict)
    """CPU seconds per stream-second by what they went into."""


@dataclass(frozen=True, slots=True)
class Run:
    """A trial and what it cost; CPU in seconds per stream-second."""

    side: str
    processes: int
    cameras: int
    measured: Measured
    cpu: Mapping[str, float] = field(default_factory=dict)
    apart: Mapping[str, float] = field(default_factory=dict)
    others: float = 0.0
    """CPUs that everything else on the machine took: a noisy neighbour spoils the figures."""
    machine: float = 0.0
    """CPUs in use altogether."""
    broken: str = ""
    """Why there is nothing measured."""

    @property
    def failings(self) -> list[str]:
        return [self.broken] if self.broken else self.measured.trial.failings()


def run(side: str, setup: Setup, cameras: int, children: Sequence[Child]) -> Run:
    """Wait until every camera delivers, then measure for a window."""
    measure = {"bare": measure_bare, "service": measure_service}[side]
    pids = [*(child.pid for child in children), *setup.apart.values()]
    try:
        marks = measure(setup, children)
        next(marks)
        clock = CpuClock(pids)
        time.sleep(setup.window_s)
        measured = next(marks)
        each, machine, wall = clock.read()
    except (NoAnswer, OSError) as error:
        return Run(side, len(children), cameras, Measured(Trial(setup.window_s, (), 1.0)), broken=str(error))
    per = cameras * wall
    used, apart = sum(each[: len(children)]), each[len(children) :]
    return Run(
        side=side,
        processes=len(children),
        cameras=cameras,
        measured=measured,
        cpu={**measured.parts, "total": used / per},
        apart=dict(zip(setup.apart, (one / per for one in apart), strict=True)),
        others=(machine - sum(each)) / wall,
        machine=machine / wall,
    )


def dealt(cameras: int, processes: int) -> list[range]:
    """Cameras as evenly as they go."""
    return [range(first, cameras, processes) for first in range(processes)]


def start_bare(setup: Setup, cameras: int, processes: int) -> list[Child]:
    width, height = setup.size
    more = ["--size", f"{width}x{height}", "--interval", str(setup.interval_s)]
    return [
        Child(
            setup.folder / f"bare-{process}.log",
            "benchmarks.bare",
            *(setup.urls[camera % len(setup.urls)] for camera in share),
            *more,
        )
        for process, share in enumerate(dealt(cameras, processes))
    ]


def measure_bare(setup: Setup, children: Sequence[Child]) -> Iterator[Measured]:
    """Yields when the window begins, then what it showed."""
    for child in children:
        child.hear(READY_S)
    time.sleep(setup.warm_s)
    before = [child.ask() for child in children]
    yield Measured(Trial(setup.window_s, (), 1.0))
    after = [child.ask() for child in children]
    advanced = [
        setup.window_s * (newer - newest) / (second["at"] - first["at"])
        for first, second in zip(before, after, strict=True)
        for newest, newer in zip(first["newest_at"], second["newest_at"], strict=True)
    ]
    ages = [age for answer in after for age in answer["ages_s"]]
    late = sum(age > LATE_S for age in ages) / len(ages) if ages else 1.0
    yield Measured(Trial(setup.window_s, tuple(advanced), late), quantile(ages, 0.95), len(ages))


def start_service(configurations: Sequence[Path]) -> list[Child]:
    return [
        Child(path.with_suffix(".log"), "benchmarks.watched", "run", str(path), "--json") for path in configurations
    ]


def measure_service(setup: Setup, children: Sequence[Child]) -> Iterator[Measured]:
    """Yields when the window begins, then what it showed."""
    pages = [child.hear(READY_S)["metrics"] for child in children]
    deadline = time.monotonic() + READY_S
    while any(min(_seen(page).answered.values(), default=0) < 1 for page in pages):
        if time.monotonic() > deadline:
            raise NoAnswer("not every camera got a decision")
        time.sleep(1)
    time.sleep(setup.warm_s)
    before = [(child.ask(), _seen(page)) for child, page in zip(children, pages, strict=True)]
    yield Measured(Trial(setup.window_s, (), 1.0))
    after = [(child.ask(), _seen(page)) for child, page in zip(children, pages, strict=True)]
    buckets: Counter[float] = Counter()
    advanced, decisions = [], []
    for (_, first), (_, second) in zip(before, after, strict=True):
        buckets.update({bound: second.glass[bound] - first.glass[bound] for bound in second.glass})
        # Each process has been looked at at its own moments.
        per_window = setup.window_s / (second.at - first.at)
        advanced += [per_window * (second.newest_at[name] - newest) for name, newest in first.newest_at.items()]
        decisions += [per_window * (second.answered[name] - answered) for name, answered in first.answered.items()]
    trial = Trial(setup.window_s, tuple(advanced), late_share(buckets), tuple(decisions))
    parts = _parts(before, after, len(advanced))
    yield Measured(trial, bucket_quantile(buckets, 0.95), int(max(buckets.values(), default=0)), parts)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What one look at /metrics tells."""

    at: float
    newest_at: Mapping[str, float]
    answered: Mapping[str, float]
    glass: Mapping[float, float]
    decoding: Mapping[str, float]


def _seen(page: str) -> _Seen:
    with urlopen(page, timeout=10) as answer:
        text, at = answer.read().decode(), time.time()
    samples: dict[str, list[tuple[dict[str, Any], float]]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            samples.setdefault(sample.name, []).append((sample.labels, sample.value))

    def by(name: str, label: str) -> dict[str, float]:
        return {labels[label]: value for labels, value in samples.get(name, [])}

    return _Seen(
        at=at,
        newest_at=by("takt_stream_last_frame_timestamp_seconds", "stream"),
        answered=by("takt_clips_recognized_total", "stream"),
        glass={float(bound): count for bound, count in by("takt_glass_to_event_seconds_bucket", "le").items()},
        decoding=by("takt_decode_cpu_seconds_total", "step"),
    )


def _parts(
    before: Sequence[tuple[dict[str, Any], _Seen]], after: Sequence[tuple[dict[str, Any], _Seen]], cameras: int
) -> dict[str, float]:
    """Where the service's CPU time went."""
    parts: Counter[str] = Counter()
    for (told, first), (later, second) in zip(before, after, strict=True):
        threads = {name: used - told["threads_s"].get(name, 0.0) for name, used in later["threads_s"].items()}
        # The metric is told about once a second; the threads' clocks are exact.
        steps = {step: second.decoding[step] - first.decoding[step] for step in ("decode", "scale")}
        exact = threads.pop("decode") / sum(steps.values())
        mine = {step: exact * used for step, used in steps.items()}
        mine |= {"buffer": later["buffer_s"] - told["buffer_s"], "inference": threads.pop("engine")}
        per = cameras * (later["at"] - told["at"])
        rest = later["process_s"] - told["process_s"] - sum(mine.values())
        parts.update({name: used / per for name, used in {**mine, "rest": rest}.items()})
        parts.update({f"thread {name}": used / per for name, used in threads.items()})
    return dict(parts)


def configuration(
    folder: Path,
    broker: int,
    recognizer: Mapping[str, object],
    cameras: Mapping[str, str],
    events: Mapping[str, object],
) -> Path:
    """A service's configuration file: cameras by id, a decision a second for each."""
    folder.mkdir(parents=True, exist_ok=True)
    watch = {"id": "bench", "recognizer": "bench", "events": events}
    settings = {
        "data_dir": str(folder / "data"),
        "mqtt": {"url": f"mqtt://127.0.0.1:{broker}", "client_id": folder.name},
        "http": {"port": 0},
        "log": {"level": "warning"},
        # A CPU gains nothing by more than four clips at once, and those behind them would wait for all.
        "engine": {"batch": 4, "deadline_s": 0.05},
        "recognizers": {"bench": {**recognizer, "hop_s": 1.0}},
        "streams": [
            {"id": name, "source": {"kind": "rtsp", "url": url}, "watches": [watch]} for name, url in cameras.items()
        ],
    }
    path = folder / "takt.yaml"
    path.write_text(json.dumps(settings))  # JSON is YAML
    return path
