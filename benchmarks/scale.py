"""What more cameras cost, with one worker and with several, and what happens at twice the capacity.

usage: python -m benchmarks.scale [--cameras 1 2 4 8 16 32 64] [--workers 4] [--seconds 20] [--hop 1]
           [--overload 60] [--parts linear overload] [--quick] [--json]

Cameras: 160x120 at 5 a second, H.264, of a real GStreamer RTSP server on loopback, four films in turn; an action begins
and ends every four seconds. A small network looks at each once a second (`--hop`); a real Mosquitto acknowledges. The
service is started once for each side and its configuration grows while it runs.

*linear*: CPU of all processes of the service (servers apart) in slices of four seconds, medians. What it uses with
a single stream that is stopped is its constant part; the rest, by camera, is compared with that of the fewest cameras
whose slices agree. CPU seconds are worth less on a busy machine, where two CPUs are two threads of a core: a
yardstick (a fixed piece of work, five times a second) says how much less; figures are given as they are and in
seconds of an idle machine.

*overload*: a dear network, and as many cameras as ask for twice of what was looked at when everything was asked.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks.children import Child, NoAnswer
from benchmarks.fleets import Fleet
from benchmarks.growth import Overload, linear_text, overload_text, report, text
from benchmarks.windows import Beside, Window, window
from recognizers.clip import ClipSpec, Picture
from streamer.testing.film import write_film
from tests.e2e.mosquitto import Mosquitto
from tests.e2e.networks import SIZE, write_network
from tests.e2e.processes import GstServer

FPS, WIDTH, HEIGHT, FILM_S = 5, 160, 120, 4
SPEC = ClipSpec(frames=8, interval_s=0.2, hop_s=1.0, short_side_px=32)
DEAR = replace(SPEC, hop_s=0.4, short_side_px=112)
DEAR_SIZE = replace(SIZE, width=48, depths=(2, 2, 2, 2))
SETTLE_S = 6.0
AT_ONCE_S, FULL_S = 2.0, 8.0
"""Before anybody is degraded, what can be looked at."""
PLACED_S = 45.0
"""Placement has patience before it degrades, and rests between two changes."""
ALL_ASK = 16
"""Cameras that ask for everything while the capacity is measured."""
TWICE, MOST, TURNS = 2.0, 64, 2


@dataclass(frozen=True, slots=True)
class Setup:
    folder: Path
    urls: Sequence[str]
    broker: int
    networks: Mapping[str, Path]
    beside: Beside


def blinking(phase: int) -> Iterator[Picture]:
    """Bright and dark for two seconds each, over a texture that moves."""
    ground = np.linspace(0, 50, WIDTH, dtype=np.uint8)[None, :, None] + np.zeros((HEIGHT, 1, 3), np.uint8)
    ground[::8] += 20
    for n in range(FILM_S * FPS):
        bright = (n + phase * FPS) // (2 * FPS) % 2 == 0
        yield np.roll(ground, 5 * n, axis=1) + np.uint8(170 if bright else 5)


@contextmanager
def setup() -> Iterator[Setup]:
    with tempfile.TemporaryDirectory(prefix="takt-scale-") as name, ExitStack() as stack:
        folder = Path(name)
        films = {f"live{n}": write_film(folder / f"{n}.mp4", blinking(n), FPS, 100_000, g="5") for n in range(4)}
        networks = {
            "small": write_network(folder / "small", SPEC, 20.0, -10.0),
            "dear": write_network(folder / "dear", DEAR, 20.0, -10.0, size=DEAR_SIZE, crop_px=112),
        }
        yardstick = stack.enter_context(Child(folder / "yardstick.log", "benchmarks.yardstick"))
        yardstick.hear(30)
        idle_s = settled(yardstick)
        cameras = stack.enter_context(GstServer(films))
        broker = stack.enter_context(Mosquitto(folder / "broker"))
        apart = {"cameras": cameras.pid, "broker": broker.pid, "yardstick": yardstick.pid}
        beside = Beside(apart, yardstick, idle_s, os.cpu_count() or 1)
        yield Setup(folder, [cameras.address(film) for film in films], broker.port, networks, beside)


def settled(yardstick: Child) -> float:
    """A piece of work with nothing beside it."""
    yardstick.ask()
    time.sleep(4)
    return float(yardstick.ask()["piece_s"])


def both_busy(setup: Setup) -> float:
    """How much dearer a piece is while every CPU computes."""
    with ExitStack() as stack:
        for n in range(setup.beside.cpus):
            busy = Child(setup.folder / f"busy-{n}.log", "benchmarks.yardstick", "--busy")
            stack.enter_context(busy).hear(30)
        return settled(setup.beside.yardstick) / setup.beside.idle_piece_s


def fleet(setup: Setup, name: str, network: str, workers: int, hop_s: float) -> Fleet:
    settings = {
        "data_dir": str(setup.folder / name / "data"),
        "mqtt": {"url": f"mqtt://127.0.0.1:{setup.broker}", "client_id": name},
        "http": {"port": 0},
        "log": {"level": "warning"},
        "workers": workers,
        # A CPU gains nothing by more than four clips at once, and those behind them would wait for all.
        "engine": {"batch": 4, "deadline_s": 0.05},
        "recognizers": {"bench": {"checkpoint": str(setup.networks[network]), "hop_s": hop_s}},
    }
    return Fleet(setup.folder / name, settings, setup.urls)


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def grown(setup: Setup, side: str, workers: int, asked: argparse.Namespace) -> list[Window]:
    """From no camera to the most; ends early where not all of them are looked at."""
    windows = []
    with fleet(setup, f"linear-{workers}", "small", workers, asked.hop) as service:
        service.only_process()
        for cameras in (0, *asked.cameras):
            try:
                if cameras:
                    service.grow(cameras)
            except NoAnswer as error:
                say(f"{side}, {cameras} cameras: {error}")
                break
            time.sleep(SETTLE_S)
            windows.append(window(service, setup.beside, cameras, asked.seconds))
            say(f"{side}, {linear_text(windows[-1])}")
    return windows


def overloaded(setup: Setup, side: str, workers: int, asked: argparse.Namespace) -> Overload:
    """What it can look at when everything is asked, then twice of that."""
    with fleet(setup, f"capacity-{workers}", "dear", workers, SPEC.interval_s) as service:
        service.grow(ALL_ASK)
        time.sleep(AT_ONCE_S)
        full = window(service, setup.beside, ALL_ASK, FULL_S)
    say(f"{side}, everything asked: {overload_text(full)}")
    capacity = sum(full.work.looked.values())
    for turn in range(TURNS):
        cameras = min(MOST, math.ceil(TWICE * capacity * DEAR.hop_s))
        with fleet(setup, f"overload-{workers}-{turn}", "dear", workers, DEAR.hop_s) as service:
            service.grow(cameras)
            time.sleep(asked.placed)
            twice = window(service, setup.beside, cameras, asked.overload)
        say(f"{side}, twice the capacity: {overload_text(twice)}")
        looked = sum(twice.work.looked.values())
        if twice.work.asked >= 0.95 * TWICE * looked or cameras == MOST:
            break
        capacity = looked  # somebody else was busy while it was measured
    return Overload(capacity, twice)


def machine() -> dict[str, object]:
    import av
    import torch

    cpu = Path("/proc/cpuinfo").read_text().partition("model name")[2].partition(": ")[2].partition("\n")[0]
    return {
        "machine": f"{os.cpu_count()} x {cpu}, Linux {platform.release()}",
        "python": platform.python_version(),
        "av": av.__version__,
        "torch": torch.__version__,
    }


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cameras", type=int, nargs="+", default=[1, 2, 4, 8, 16, 32, 64])
    parser.add_argument("--workers", type=int, default=4, help="of the side with several")
    parser.add_argument("--seconds", type=float, default=20.0, help="of each measuring window")
    parser.add_argument("--hop", type=float, default=SPEC.hop_s, help="seconds between two looks; less loads more")
    parser.add_argument("--overload", type=float, default=60.0, help="seconds of its window")
    parser.add_argument("--parts", nargs="+", choices=("linear", "overload"), default=["linear", "overload"])
    parser.add_argument("--quick", action="store_true", help="few cameras, short windows: does it run?")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    asked = parser.parse_args()
    asked.placed = PLACED_S
    if asked.quick:
        asked.cameras, asked.workers, asked.seconds, asked.overload, asked.placed = [1, 2, 4], 2, 4.0, 8.0, 2.0
    return asked


def main() -> None:
    asked = arguments()
    with setup() as prepared:
        about = {**machine(), "both_busy": round(both_busy(prepared), 2)}
        say(" · ".join(f"{key} {value}" for key, value in about.items()))
        sides = {"one worker": 1, f"{asked.workers} workers": asked.workers}
        grew = {side: grown(prepared, side, n, asked) for side, n in sides.items() if "linear" in asked.parts}
        over = {side: overloaded(prepared, side, n, asked) for side, n in sides.items() if "overload" in asked.parts}
    result = report(grew, over)
    print(json.dumps({**about, **result}) if asked.json else text(about, grew, over))


if __name__ == "__main__":
    main()
