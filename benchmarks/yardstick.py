"""How much dearer the same work is than on an idle machine: what CPU seconds are worth. Run as a process.

usage: python -m benchmarks.yardstick [--busy]

Does a fixed piece of work five times a second, and prints one JSON line for each line it reads: CPU seconds of the
median piece since it was asked last. With --busy it computes without a pause instead, to keep a CPU from being idle.
Ends on SIGTERM.
"""

from __future__ import annotations

import json
import select
import sys
import time
from statistics import median

import numpy as np

PAUSE_S = 0.2


def piece(table: np.ndarray[tuple[int, int], np.dtype[np.float32]]) -> float:
    """Interpreter, cache and vector unit, about alike; CPU seconds."""
    before = time.thread_time()
    counts: dict[int, int] = {}
    for n in range(12_000):
        counts[n % 97] = counts.get(n % 97, 0) + n
    for _ in range(12):
        table = np.tanh(table * 1.01 + 0.1)
    return time.thread_time() - before


def main() -> None:
    table = np.linspace(0, 1, 65_536, dtype=np.float32).reshape(256, 256)
    print(json.dumps({"ready": True}), flush=True)
    while "--busy" in sys.argv:
        piece(table)
    took: list[float] = []
    while True:
        took.append(piece(table))
        readable, _, _ = select.select([sys.stdin], [], [], PAUSE_S)
        if readable:
            if not sys.stdin.readline():
                return
            print(json.dumps({"piece_s": median(took)}), flush=True)
            took = []


if __name__ == "__main__":
    main()
