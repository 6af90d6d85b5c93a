"""`takt run` whose cameras become more while it runs, seen from outside: its processes and what its metrics say."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.request import Request, urlopen

import psutil
from prometheus_client.parser import text_string_to_metric_families

from benchmarks.children import Child, NoAnswer

READY_S = 120.0
Series = tuple[str, tuple[tuple[str, str], ...]]
"""Name and labels."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What one look at /metrics tells, of all processes together."""

    at: float
    """On the clock that never steps."""
    samples: Mapping[Series, float]

    def now(self, name: str, label: str) -> dict[str, float]:
        """Values of a metric, summed by a label."""
        return self._by(name, label, {})

    def since(self, before: Seen, name: str, label: str, **only: str) -> dict[str, float]:
        """What a counter grew by, summed by a label; a series of a process that began since begins at 0."""
        return self._by(name, label, before.samples, **only)

    def buckets(self, before: Seen, name: str, **only: str) -> dict[float, float]:
        """Cumulative counts of a histogram since then, by upper bound."""
        return {float(le): count for le, count in self.since(before, f"{name}_bucket", "le", **only).items()}

    def _by(self, name: str, label: str, less: Mapping[Series, float], **only: str) -> dict[str, float]:
        found: Counter[str] = Counter()
        for series, value in self.samples.items():
            labels = dict(series[1])
            if series[0] == name and label in labels and only.items() <= labels.items():
                found[labels[label]] += max(0.0, value - less.get(series, 0.0))
        return dict(found)


@dataclass(frozen=True, slots=True)
class Taken:
    """What a process holds, MiB."""

    rss: float
    pss: float
    """Its part of what is shared, too."""
    own: float
    """Nobody else's."""


class Fleet:
    """One service. Its streams are named `cam-00` and so on; only the file that it follows is rewritten."""

    def __init__(self, folder: Path, settings: Mapping[str, Any], urls: Sequence[str]) -> None:
        """`settings`: of the service, without streams; cameras take the `urls` in turn."""
        folder.mkdir(parents=True)
        self._file, self._settings, self._urls = folder / "takt.yaml", settings, urls
        self._write(1)
        self._child = Child(folder / "takt.log", "benchmarks.watched", "run", str(self._file), "--json")
        self._addresses: Mapping[str, str] = {}

    def __enter__(self) -> Self:
        self._child.__enter__()
        self._addresses = self._child.hear(READY_S)
        return self

    def __exit__(self, *gone: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._child.__exit__(*gone)

    @property
    def processes(self) -> list[psutil.Process]:
        """The one that was started first, then its workers in the order in which they began."""
        first = psutil.Process(self._child.pid)
        return [first, *sorted(first.children(recursive=True), key=lambda one: float(one.create_time()))]

    def only_process(self) -> None:
        """Have no camera at all: the only stream is stopped."""
        self.grow(1)
        self._post(f"{self._addresses['api']}/streams/cam-00/stop")

    def grow(self, cameras: int, patience_s: float = READY_S) -> None:
        """Return when each of so many cameras was looked at, or refused.

        Raises:
            NoAnswer: that takes longer than `patience_s`.
        """
        self._write(cameras)
        if cameras == 1 and self.look().now("takt_stream_state", "stream"):
            self._post(f"{self._addresses['api']}/streams/cam-00/start")
        deadline = time.monotonic() + patience_s
        while True:
            seen = self.look()
            looked = [name for name, count in seen.now("takt_clips_recognized_total", "stream").items() if count]
            if len(looked) + sum(seen.now("takt_streams_waiting", "worker").values()) >= cameras:
                return
            if time.monotonic() > deadline:
                raise NoAnswer(f"{len(looked)} of {cameras} cameras were looked at within {patience_s:g} s")
            time.sleep(1.0)

    def look(self) -> Seen:
        with urlopen(self._addresses["metrics"], timeout=30) as answer:
            text, at = answer.read().decode(), time.monotonic()
        families = text_string_to_metric_families(text)
        return Seen(
            at, {(one.name, tuple(sorted(one.labels.items()))): one.value for of in families for one in of.samples}
        )

    def cpu_s(self) -> dict[int, float]:
        """CPU seconds so far, by process."""
        return {one.pid: cpu_of(one.pid) for one in self.processes}

    def memory(self) -> list[Taken]:
        """Of each process, in their order."""
        infos = [one.memory_full_info() for one in self.processes]
        return [Taken(info.rss / 2**20, info.pss / 2**20, info.uss / 2**20) for info in infos]

    def rss_mib(self) -> float:
        """Of all together."""
        return float(sum(one.memory_info().rss for one in self.processes)) / 2**20

    def _post(self, url: str) -> None:
        with urlopen(Request(url, method="POST", data=b""), timeout=30):
            pass

    def _write(self, cameras: int) -> None:
        rules = {"default": {"smooth_s": 0.0, "release_s": 0.0}}
        watches = [{"id": "bench", "recognizer": "bench", "events": rules}]
        streams = [
            {
                "id": f"cam-{n:02}",
                "source": {"kind": "rtsp", "url": self._urls[n % len(self._urls)]},
                "watches": watches,
            }
            for n in range(cameras)
        ]
        new = self._file.with_suffix(".new")
        new.write_text(json.dumps({**self._settings, "streams": streams}))  # JSON is YAML
        new.replace(self._file)


def cpu_of(pid: int) -> float:
    """CPU seconds of a process, to the nanosecond (clock_getcpuclockid(3); /proc tells hundredths)."""
    return time.clock_gettime((~pid << 3) | 2)
