"""`takt` with a clock on its threads. Run as a process.

usage: python -m benchmarks.watched run CONFIG --json

Prints one JSON line for each line it reads: CPU seconds of the threads by what they do, of the buffer (which runs on
the event loop), and of the whole process.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from streamer.cli import main
from streamer.stages import StreamStages


class Stopwatch:
    """CPU time of what has no thread of its own."""

    def __init__(self) -> None:
        self.used_s = 0.0

    def on(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*arguments: Any) -> Any:
            before = time.thread_time()
            result = function(*arguments)
            self.used_s += time.thread_time() - before
            return result

        return timed


def cpu_by_thread() -> dict[str, float]:
    """CPU seconds so far by the first word of the threads' names."""
    used: Counter[str] = Counter()
    for thread in threading.enumerate():
        if thread.ident is not None:
            kind = thread.name.replace("-", " ").replace("_", " ").split()[0].lower()
            used[kind] += time.clock_gettime(time.pthread_getcpuclockid(thread.ident))
    return dict(used)


def answer(buffer: Stopwatch) -> None:
    for _ in sys.stdin:
        told = {
            "at": time.time(),
            "buffer_s": buffer.used_s,
            "process_s": time.process_time(),
            "threads_s": cpu_by_thread(),
        }
        print(json.dumps(told), flush=True)


if __name__ == "__main__":
    buffer = Stopwatch()
    StreamStages.cut = buffer.on(StreamStages.cut)  # type: ignore[method-assign]
    threading.Thread(target=answer, args=(buffer,), name="answer", daemon=True).start()
    sys.exit(main(sys.argv[1:]))
