"""SlowFast on a GPU, way by way: does it say what the CPU says, and what does a clip cost?

usage: python -m benchmarks.gpu [--networks cell,small,r50_4x16,r50_8x8] [--batches 1,4,16,64] [--limit SECONDS]
                                [--ways "eager;graphs, half"] [--profile] [--json FILE]

`cell` is the bundled network, on pictures of the simulated cell; the others are untrained (`clip_networks`). A score's
error is its largest difference from what the plain network says on the CPU in float32. Times are medians of whole
batches with the pictures on the device; `host`: pictures and answers in the host's memory. Needs torch, numpy and
safetensors alone. When the limit is reached, what was measured so far is said.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import torch
from torch import Tensor

from benchmarks.clip_networks import Subject, subject
from recognizers.runtimes.fastest import Look
from recognizers.runtimes.gpu import WAYS as CHOOSABLE
from recognizers.runtimes.gpu import GpuNetwork, Way, on_gpu

RUN_S = 0.4
"""For each row, at least; and three batches."""
WAYS: dict[str, Way] = {
    **CHOOSABLE,
    "graphs, bfloat16": Way(torch.bfloat16),
    "channels last": Way(torch.float32, flat=False, graphs=False),
    "half": Way(torch.float16, flat=False, graphs=False),
    "half, flat": Way(torch.float16, graphs=False),
    "graphs, half, 3-D": Way(torch.float16, flat=False),
}
COMPILED = "compiled, graphs, half"
"""By torch.compile; in batches of 1 and 4 only, since each size is compiled anew."""


@dataclass(frozen=True, slots=True)
class Row:
    """One network run one way."""

    network: str
    way: str
    worst_score: float
    """Largest difference of a score from the CPU's."""
    same_best: float
    """Share of clips with the same best label."""
    begun_s: float
    """Until the first answer."""
    ms: dict[int, float] = field(default_factory=dict)
    """Of a clip, by batch size."""
    host_ms: dict[int, float] = field(default_factory=dict)
    gib: dict[int, float] = field(default_factory=dict)
    """Most memory in use."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", default="cell,small,r50_4x16,r50_8x8")
    parser.add_argument("--batches", default="1,4,16,64")
    parser.add_argument("--ways", default=";".join(WAYS), help=f"parted by semicolons; there is {COMPILED} too")
    parser.add_argument("--limit", type=float, default=300)
    parser.add_argument("--profile", action="store_true", help="say which kernels the last network's time went into")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    until, rows = time.perf_counter() + given.limit, []
    names, batches = given.networks.split(","), [int(n) for n in given.batches.split(",")]
    said: dict[str, Any] = {"device": device_name(device), "torch": torch.__version__}
    for row in measured(names, given.ways.split(";"), batches, device, until):
        print(line(row), flush=True)
        rows.append(row)
        said["rows"] = [asdict(one) for one in rows]
        write(given.json, said)
    print("\n".join(["", said["device"], *table(rows, batches)]))
    if given.profile:
        said["kernels"] = kernels(names[-1], device)
        print("\n".join(said["kernels"]))
        write(given.json, said)


def write(path: Path | None, said: dict[str, Any]) -> None:
    if path is not None:
        path.write_text(json.dumps(said, indent=1), encoding="utf-8")


def measured(
    names: list[str], ways: list[str], batches: list[int], device: torch.device, until: float
) -> Iterator[Row]:
    """A row for each network and way, as soon as it is there."""
    for name in names:
        one = subject(name, device)
        wanted = one.scores(device)
        print(f"{name}: scores of its {len(wanted)} clips deviate by {wanted.std(dim=0).max():.3f}", flush=True)
        for label in ways:
            try:
                row, look = begun(one, label, wanted, device)
                sizes = [n for n in batches if n in (1, 4)] if label == COMPILED else batches
                yield timed(row, look, one, sizes, device, until)
            except (RuntimeError, ValueError) as error:  # whatever a way does not like: others are measured
                print(f"{name}, {label}: {type(error).__name__}: {str(error)[:300]}", file=sys.stderr, flush=True)
            if time.perf_counter() > until:
                return
            release(device)


def compiled(one: Subject, device: torch.device) -> Look:
    way = Way(torch.float16, flat=False, graphs=False)
    plain = GpuNetwork(one.network, one.mean, one.std, way).eval().to(device)
    look = torch.compile(plain, mode="reduce-overhead", dynamic=False)
    return lambda clips: look(clips.to(device)).clone()


@torch.inference_mode()
def begun(one: Subject, label: str, wanted: Tensor, device: torch.device) -> tuple[Row, Look]:
    """What it says, beside what the CPU says."""
    began = time.perf_counter()
    if label == COMPILED:
        look = compiled(one, device)
    else:
        look = on_gpu(one.network, one.clips[0], one.mean, one.std, WAYS[label], device=device)
    look(one.clips[:1]).cpu()
    begun_s = time.perf_counter() - began
    said = one.of(torch.cat([look(some) for some in one.clips.split(4)]))
    same = (said.argmax(dim=1) == wanted.argmax(dim=1)).float().mean()
    return Row(one.name, label, float((said - wanted).abs().max()), float(same), begun_s), look


@torch.inference_mode()
def timed(row: Row, look: Look, one: Subject, batches: list[int], device: torch.device, until: float) -> Row:
    for batch in batches:
        if time.perf_counter() > until:
            break
        here = one.many(batch)
        there = here.to(device)
        reset_memory(device)
        row.ms[batch] = seconds(partial(look, there), device) * 1e3 / batch
        row.host_ms[batch] = seconds(partial(answered, look, here), device) * 1e3 / batch
        row.gib[batch] = torch.cuda.max_memory_reserved() / 2**30 if device.type == "cuda" else 0.0
    return row


def answered(look: Look, here: Tensor) -> Tensor:
    return look(here).cpu()


def seconds(run: Callable[[], object], device: torch.device) -> float:
    """Of one run; the median of many after two that do not count."""
    wait = torch.cuda.synchronize if device.type == "cuda" else lambda: None
    took: list[float] = []
    for counts in (False, False, *[True] * 200):
        began = time.perf_counter()
        run()
        wait()
        if counts:
            took.append(time.perf_counter() - began)
        if len(took) >= 3 and sum(took) > RUN_S:
            break
    return median(took)


def kernels(name: str, device: torch.device) -> list[str]:
    """Where the time of a clip goes in the fastest way, most first, in batches of 16."""
    one = subject(name, device)
    look = GpuNetwork(one.network, one.mean, one.std, WAYS["graphs, half"]).eval().to(device)
    clips = one.many(16).to(device)
    torch.backends.cudnn.benchmark = True
    with torch.inference_mode():
        for _ in range(3):
            look(clips)
        with torch.profiler.profile() as profile:
            look(clips).cpu()
    spent = sorted(profile.key_averages(), key=lambda kernel: -kernel.self_device_time_total)[:25]
    return [f"{one.self_device_time_total / 16e3:8.4f} ms {one.count:5.0f}× {one.key[:110]}" for one in spent]


def reset_memory(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats()


def release(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.empty_cache()


def device_name(device: torch.device) -> str:
    return torch.cuda.get_device_name() if device.type == "cuda" else "CPU"


def line(row: Row) -> str:
    times = "  ".join(f"{batch}: {ms:.3f} ({row.host_ms[batch]:.3f})" for batch, ms in row.ms.items())
    return (
        f"{row.network:10} {row.way:20} score ±{row.worst_score:.1e} "
        f"best {row.same_best:.0%} begun {row.begun_s:.1f} s | ms a clip (host) {times}"
    )


def table(rows: list[Row], batches: list[int]) -> list[str]:
    """For people: milliseconds a clip, then clips a second."""
    head = f"{'network':10} {'way':20} {'score ±':>8}"
    head += "".join(f"{f'ms at {n}':>11}{'clips/s':>9}" for n in batches)
    lines = [head]
    for row in rows:
        cells = "".join(
            f"{row.ms[n]:>11.3f}{1e3 / row.ms[n]:>9.0f}" if n in row.ms else f"{'–':>11}{'–':>9}" for n in batches
        )
        lines.append(f"{row.network:10} {row.way:20} {row.worst_score:>8.1e}{cells}")
    return lines


if __name__ == "__main__":
    main()
