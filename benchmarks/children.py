"""Processes of a benchmark: started, asked line by line, ended by their id; and the CPU time they used."""

from __future__ import annotations

import json
import selectors
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil

ROOT = Path(__file__).parents[1]


class NoAnswer(Exception):
    """A process ended, or said nothing for too long."""


class Child:
    """A Python module as a process that prints JSON lines, some of them in answer to a line of ours."""

    def __init__(self, log: Path, module: str, *arguments: str) -> None:
        """`log` takes what it says to people."""
        command = [sys.executable, "-m", module, *arguments]
        self._log = log
        with log.open("wb") as errors:
            self.process = subprocess.Popen(
                command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, bufsize=0
            )
        self._read = b""

    @property
    def pid(self) -> int:
        return self.process.pid

    def ask(self, timeout_s: float = 10.0) -> dict[str, Any]:
        assert self.process.stdin is not None
        self.process.stdin.write(b"\n")
        return self.hear(timeout_s)

    def hear(self, timeout_s: float) -> dict[str, Any]:
        """The next line."""
        assert self.process.stdout is not None
        deadline = time.monotonic() + timeout_s
        with selectors.DefaultSelector() as ready:
            ready.register(self.process.stdout, selectors.EVENT_READ)
            while b"\n" not in self._read:
                left = deadline - time.monotonic()
                if left <= 0 or not ready.select(left):
                    raise NoAnswer(f"a process said nothing for {timeout_s:g} s {self._last_words()}")
                if not (some := self.process.stdout.read(65536)):
                    raise NoAnswer(f"a process ended with {self.process.wait()} {self._last_words()}")
                self._read += some
        line, _, self._read = self._read.partition(b"\n")
        return dict(json.loads(line))

    def _last_words(self) -> str:
        return self._log.read_text(errors="replace")[-500:]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


class CpuClock:
    """CPU seconds of processes and of the whole machine since it was made."""

    def __init__(self, pids: Sequence[int]) -> None:
        self._processes = [psutil.Process(pid) for pid in pids]
        self._before, self._machine, self._at = self._own(), _busy(), time.monotonic()

    def read(self) -> tuple[list[float], float, float]:
        """CPU seconds of each process, of everything on the machine, and seconds of the wall clock."""
        used = [now - before for now, before in zip(self._own(), self._before, strict=True)]
        return used, _busy() - self._machine, time.monotonic() - self._at

    def _own(self) -> list[float]:
        return [sum(process.cpu_times()[:2]) for process in self._processes]


def _busy() -> float:
    times = psutil.cpu_times()
    return sum(times) - times.idle - times.iowait - times.guest - times.guest_nice
