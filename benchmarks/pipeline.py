"""How many cameras this machine sustains, beside how many a bare PyAV loop does (the limit), and where CPU time goes.

usage: python -m benchmarks.pipeline CLIPS_FOLDER [--checkpoint bundled:cell] [--set runtime=openvino] [--seconds 20]
           [--max 80] [--json]

Cameras: 640x360 at 25 a second, H.264, RTSP over TCP on loopback, real scenes; their server is a process of its own
that codes nothing, and its CPU time is reported apart. The service looks at every camera once a second with the small
SlowFast; its event rules make real scenes cause events all the time, which a real Mosquitto acknowledges.

Sustained, for both sides, over a window of --seconds after a warm-up: the newest picture of *every* camera advanced by
at least 99 % of the window (so that delay does not grow), and 95 of 100 pictures (bare) or events until their PUBACK
(service) are younger than 1 s. For the service also: at least 0.95 decisions a second for every camera. Near the
border two of three trials decide. Both sides are tried as one process with a thread a camera, and as one such process
a core; the better counts.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from operator import itemgetter
from pathlib import Path
from typing import Any

from benchmarks.capacity import most_sustained
from benchmarks.children import Child
from benchmarks.scenes import SCENE_S, restless_rules, write_films
from benchmarks.sides import Run, Setup, configuration, dealt, run, start_bare, start_service
from recognizers.build import build_recognizer
from recognizers.card import Abstain, checkpoint_path, read_card
from recognizers.clip import WHOLE_PICTURE
from streamer.sources.base import Demand, Need
from tests.e2e.mosquitto import Mosquitto

PARTS = ("decode", "scale", "buffer", "inference", "rest")
NO_LOGIT = -1e9
"""Below every logit: who abstains from scenes that it does not know has no events to measure."""


@dataclass
class Bench:
    """Trials of both sides, told as they happen."""

    setup: Setup
    broker: int
    recognizer: Mapping[str, object]
    """Its section of the configuration."""
    events: Mapping[str, object]
    say: Callable[[str], None]
    runs: list[Run] = field(default_factory=list)

    def sustains(self, side: str, processes: int, cameras: int) -> bool:
        starting = self._bare if side == "bare" else self._service
        with ExitStack() as stack:
            children = [stack.enter_context(child) for child in starting(processes, cameras)]
            self.runs.append(run(side, self.setup, cameras, children))
        done = self.runs[-1]
        self.say(
            f"{side}, {processes} process(es), {cameras} cameras: {'; '.join(done.failings) or 'sustained'} "
            f"(p95 {done.measured.p95_s:.2f} s of {done.measured.counted}, CPU {1e3 * done.cpu.get('total', 0):.1f} "
            f"ms/s a camera, {done.machine:.2f} CPUs in use, {done.others:.2f} of them by others)"
        )
        return not done.failings

    def best(self, side: str, found: Mapping[int, int]) -> Run:
        """The last sustained run of the largest number of cameras."""
        best = max(found.items(), key=itemgetter(1))
        fits = [one for one in self.runs if (one.side, one.processes, one.cameras) == (side, *best)]
        if not (sustained := [one for one in fits if not one.failings]):
            raise SystemExit(f"not even two cameras are sustained by the {side} side: see above")
        return sustained[-1]

    def _bare(self, processes: int, cameras: int) -> list[Child]:
        return start_bare(self.setup, cameras, processes)

    def _service(self, processes: int, cameras: int) -> list[Child]:
        urls = [self.setup.urls[camera % len(self.setup.urls)] for camera in range(cameras)]
        number = len(self.runs)
        return start_service(
            [
                configuration(
                    self.setup.folder / f"run-{number}-{process}",
                    self.broker,
                    self.recognizer,
                    {f"cam-{camera}": urls[camera] for camera in share},
                    self.events,
                )
                for process, share in enumerate(dealt(cameras, processes))
            ]
        )


def search(bench: Bench, processes: Sequence[int], guess: int, most: int) -> dict[str, dict[int, int]]:
    """Cameras sustained by side and number of processes."""
    found: dict[str, dict[int, int]] = {}
    for side in ("bare", "service"):
        for number in processes:
            guess = most_sustained(partial(bench.sustains, side, number), guess, most) or 2
            found.setdefault(side, {})[number] = guess
    return found


def report(bench: Bench, found: Mapping[str, Mapping[int, int]]) -> dict[str, object]:
    """Everything measured, CPU in CPU seconds per stream-second."""
    limit, ours = bench.best("bare", found["bare"]), bench.best("service", found["service"])
    total = ours.cpu["total"]
    return {
        "cameras": ours.cameras,
        "limit": limit.cameras,
        "of_limit": round(ours.cameras / limit.cameras, 3),
        "sustained": found,
        "glass_to_event_p95_s": round(ours.measured.p95_s, 3),
        "events": ours.measured.counted,
        "decisions_per_s": round(min(ours.measured.trial.decisions or (0.0,)) / ours.measured.trial.window_s, 3),
        "cpu": {part: round(ours.cpu[part], 5) for part in (*PARTS, "total")},
        "cpu_of_threads": {name: round(used, 5) for name, used in ours.cpu.items() if name not in (*PARTS, "total")},
        "neither_decode_nor_inference": round(1 - (ours.cpu["decode"] + ours.cpu["inference"]) / total, 3),
        "bare_cpu": round(limit.cpu["total"], 5),
        "apart_cpu": {name: round(used, 5) for name, used in ours.apart.items()},
        "cameras_server_cpus": {run.side: round(run.apart["cameras"] * run.cameras, 2) for run in (limit, ours)},
        "others_cpus": {run.side: round(run.others, 2) for run in (limit, ours)},
        "trials": [
            {
                "side": run.side,
                "processes": run.processes,
                "cameras": run.cameras,
                "failings": run.failings,
                "delivered": round(run.measured.trial.delivered, 3),
                "p95_s": None if math.isnan(run.measured.p95_s) else round(run.measured.p95_s, 3),
                "cpu": round(run.cpu.get("total", 0.0), 4),
                "others_cpus": round(run.others, 2),
            }
            for run in bench.runs
        ],
    }


def text(about: Mapping[str, object], result: Mapping[str, Any]) -> str:
    """The same for people."""
    lines = [" · ".join(f"{key} {value}" for key, value in about.items()), ""]
    for side, by_processes in result["sustained"].items():
        each = ", ".join(f"{cameras} with {processes} process(es)" for processes, cameras in by_processes.items())
        lines.append(f"{side:8} sustains {each}")
    lines += [
        "",
        f"{result['cameras']} cameras of {result['limit']} ({100 * result['of_limit']:.0f} % of the limit), "
        f"p95 from glass to event {result['glass_to_event_p95_s']:.2f} s ({result['events']} events)",
        "",
        "CPU milliseconds per stream-second",
        *(
            f"  {part:10}{1e3 * used:8.1f}{100 * used / result['cpu']['total']:7.1f} %"
            for part, used in result["cpu"].items()
        ),
        f"  neither decode nor inference: {100 * result['neither_decode_nor_inference']:.1f} %",
        f"  bare loop {1e3 * result['bare_cpu']:.1f}; apart: "
        + ", ".join(f"{name} {1e3 * used:.1f}" for name, used in result["apart_cpu"].items()),
        f"CPUs of the cameras' server: {result['cameras_server_cpus']}; of other programs: {result['others_cpus']}",
    ]
    return "\n".join(lines)


def machine(recognizer: Mapping[str, object], films: Sequence[Path]) -> dict[str, object]:
    import av
    import torch

    cpu = Path("/proc/cpuinfo").read_text().partition("model name")[2].partition(": ")[2].partition("\n")[0]
    rate = sum(8 * film.stat().st_size for film in films) / len(films) / (len(films) * SCENE_S)
    return {
        "machine": f"{os.cpu_count()} x {cpu}, Linux {platform.release()}",
        "python": platform.python_version(),
        "av": av.__version__,
        "libavcodec": ".".join(map(str, av.library_versions["libavcodec"])),
        "torch": torch.__version__,
        "recognizer": ", ".join(f"{key}: {value}" for key, value in recognizer.items()),
        "kbit/s": round(rate / 1000),
    }


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clips", type=Path, metavar="CLIPS_FOLDER", help="a folder of *.mp4: the scenes")
    parser.add_argument("--checkpoint", default="bundled:cell")
    parser.add_argument(
        "--set", nargs="+", action="extend", default=[], metavar="KEY=VALUE", help="more of the recognizer's section"
    )
    parser.add_argument("--seconds", type=float, default=20.0, help="of each measuring window")
    parser.add_argument("--warm", type=float, default=5.0, help="seconds between the first pictures and the window")
    parser.add_argument("--max", type=int, default=80, help="most cameras to try")
    parser.add_argument("--guess", type=int, default=40, help="cameras to begin with")
    parser.add_argument("--processes", type=int, nargs="+", default=[1, os.cpu_count() or 1])
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    asked = parser.parse_args()
    asked.films = sorted(asked.clips.glob("*.mp4"))
    if not asked.films:
        parser.error(f"{asked.clips} holds no *.mp4")
    return asked


def main() -> None:
    asked = arguments()

    def say(text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        say(f"coding {len(asked.films)} films")
        films = write_films(asked.films, folder)
        kind = read_card(checkpoint_path(asked.checkpoint)).kind
        more = dict(one.split("=", 1) for one in asked.set)
        section = {"kind": kind, "checkpoint": asked.checkpoint, "abstain_below": NO_LOGIT, **more}
        abstain = Abstain("max_logit", NO_LOGIT)
        options = {**section, "abstain": abstain, "hop_s": 1.0, "threads": os.cpu_count()}
        recognizer = build_recognizer(kind, asked.checkpoint, options)
        size = Demand((Need(recognizer.spec, WHOLE_PICTURE),)).analysis_size(640, 360)
        events = restless_rules(recognizer, films[0], size)
        broker = stack.enter_context(Mosquitto(folder / "broker"))
        cameras = stack.enter_context(Child(folder / "cameras.log", "benchmarks.cameras", *map(str, films)))
        setup = Setup(
            folder=folder,
            urls=cameras.hear(30)["urls"],
            size=size,
            interval_s=recognizer.spec.interval_s,
            window_s=asked.seconds,
            warm_s=asked.warm,
            apart={"cameras": cameras.pid, "broker": broker.pid},
        )
        bench = Bench(setup, broker.port, section, events, say)
        about = machine(section, films)
        result = report(bench, search(bench, sorted(set(asked.processes)), asked.guess, asked.max))
    print(json.dumps({**about, **result}) if asked.json else text(about, result))


if __name__ == "__main__":
    main()
