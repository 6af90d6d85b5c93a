"""What a shadow costs the live network beside it: age of answers, lag of the loop, CPU time, memory.

usage: python -m benchmarks.shadow [--cameras 4] [--seconds 30] [--checkpoint bundled:cell] [--json]

Cameras: the simulated cell, 640x360 at 25 a second over RTSP, served by a process of its own. The service looks four
times a second with the checkpoint, and once more with a copy of the same network as shadow.
"""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from urllib.request import urlopen

from prometheus_client.parser import text_string_to_metric_families

from recognizers.card import checkpoint_path
from recognizers.checkpoint import load, save
from recognizers.data.synthetic.cell import WorkCell
from streamer.testing.film import write_film

WARM_UP_S, FILM_S = 8.0, 20
Values = dict[tuple[str, ...], float]


def configuration(folder: Path, urls: Sequence[str], checkpoint: str, shadow: str | None) -> Path:
    watches = [{"id": "bench", "recognizer": "cell"}]
    streams = [
        {"id": f"cam-{n}", "source": {"kind": "rtsp", "url": url}, "watches": watches} for n, url in enumerate(urls)
    ]
    recognizer = {"checkpoint": checkpoint, "shadow": shadow}
    settings = {"data_dir": str(folder / "data"), "http": {"port": 0}, "recognizers": {"cell": recognizer}}
    file = folder / "takt.yaml"
    file.write_text(json.dumps({**settings, "streams": streams}))
    return file


def scraped(url: str) -> Values:
    with urlopen(url, timeout=10) as answer:
        text = answer.read().decode()
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return {(one.name, *sorted(f"{k}={v}" for k, v in one.labels.items())): one.value for one in samples}


def quantile(grown: Mapping[tuple[str, ...], float], histogram: str, share: float) -> float:
    """The upper bound of the bucket in which it lies, interpolated."""
    buckets = sorted(
        (float(next(label[3:] for label in key if label.startswith("le="))), value)
        for key, value in grown.items()
        if key[0] == f"{histogram}_bucket"
    )
    wanted, below, before = share * buckets[-1][1], 0.0, 0.0
    for bound, count in buckets:
        if count >= wanted:
            inside = (wanted - below) / max(count - below, 1e-9)
            return before + (bound - before) * inside if bound != float("inf") else before
        below, before = count, bound
    return before


def measured(config: Path, seconds: float) -> dict[str, float]:
    """One run of the service."""
    code = "import sys; from streamer.cli import main; sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", code, "run", "--json", str(config)]
    said = config.with_name("said.jsonl")
    with said.open("wb") as out, subprocess.Popen(command, stdout=out, stderr=subprocess.DEVNULL) as service:
        while b"\n" not in said.read_bytes():
            time.sleep(0.1)
        url = json.loads(said.read_text().splitlines()[0])["metrics"]
        time.sleep(WARM_UP_S)
        before, began = scraped(url), time.perf_counter()
        time.sleep(seconds)
        after, took = scraped(url), time.perf_counter() - began
        service.send_signal(signal.SIGTERM)
        service.wait()
    grown = {key: value - before.get(key, 0.0) for key, value in after.items()}

    def total(name: str, *labels: str) -> float:
        return sum(value for key, value in grown.items() if key[0] == name and set(labels) <= set(key))

    asked = total("takt_shadow_inference_total", "result=ok")
    return {
        "clips_a_second": round(total("takt_clips_recognized_total") / took, 2),
        "shed": total("takt_clips_shed_total", "reason=newer"),
        "age_p50_s": round(quantile(grown, "takt_frame_age_seconds", 0.5), 3),
        "age_p95_s": round(quantile(grown, "takt_frame_age_seconds", 0.95), 3),
        "lag_p99_s": round(quantile(grown, "takt_event_loop_lag_seconds", 0.99), 4),
        "cpus": round(total("process_cpu_seconds_total") / took, 3),
        "memory_mib": round(after[("process_resident_memory_bytes",)] / 2**20, 0),
        "shadow_of_live": round(asked / max(total("takt_clips_recognized_total"), 1), 3),
    }


def main() -> None:
    ask = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    ask.add_argument("--cameras", type=int, default=4)
    ask.add_argument("--seconds", type=float, default=30.0)
    ask.add_argument("--checkpoint", default="bundled:cell")
    ask.add_argument("--json", action="store_true")
    given = ask.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        cell = WorkCell(1, 360)
        film = write_film(folder / "cell.mp4", (cell.draw(n / 25) for n in range(25 * FILM_S)), 25)
        card, tensors = load(checkpoint_path(given.checkpoint))
        save(folder / "shadow.safetensors", replace(card, trained={"as": "a shadow"}), tensors)
        cameras = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.cameras", str(film)], stdout=subprocess.PIPE, text=True
        )
        assert cameras.stdout is not None
        urls = json.loads(cameras.stdout.readline())["urls"] * given.cameras
        found = {}
        for which, beside in (("without", None), ("with", str(folder / "shadow.safetensors")), ("without again", None)):
            found[which] = measured(configuration(folder, urls, given.checkpoint, beside), given.seconds)
            sys.stdout.write(f"{which:14} {json.dumps(found[which])}\n" if not given.json else "")
            sys.stdout.flush()
        cameras.terminate()
        cameras.wait()
    if given.json:
        sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
