"""The limit: cameras that a bare PyAV loop decodes and scales, with nothing behind it. Run as a process.

usage: bare.py URL STREAMS SECONDS [--size WxH] [--every N]

One thread a stream. Every picture is decoded; one in N is scaled to SIZE and copied out, as the
service does for its clips. Prints one JSON line: frames decoded per stream, CPU seconds.
"""

from __future__ import annotations

import argparse
import json
import threading
import time

import av
import av.logging
from av.video.reformatter import VideoReformatter


def follow(url: str, begin: threading.Barrier, until: list[float], size: tuple[int, int], every: int) -> int:
    container = av.open(url, options={"rtsp_transport": "tcp"}, timeout=(5, 5))
    stream = container.streams.video[0]
    stream.thread_count = 1
    scaler, frames = VideoReformatter(), 0
    begin.wait()
    started = time.perf_counter()
    until[0] = max(until[0], started + until[1])
    for frame in container.decode(stream):
        now = time.perf_counter()
        frames += 1
        if frames % every == 0:
            scaler.reformat(frame, *size, format="rgb24").to_ndarray()
        if now >= until[0]:
            break
    container.close()
    return frames


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("streams", type=int)
    parser.add_argument("seconds", type=float)
    parser.add_argument("--size", default="172x96")
    parser.add_argument("--every", type=int, default=3)
    arguments = parser.parse_args()
    av.logging.set_level(None)
    width, height = map(int, arguments.size.split("x"))

    begin = threading.Barrier(arguments.streams + 1)
    until, counts = [0.0, arguments.seconds], [0] * arguments.streams

    def one(position: int) -> None:
        counts[position] = follow(arguments.url, begin, until, (width, height), arguments.every)

    threads = [threading.Thread(target=one, args=(position,)) for position in range(arguments.streams)]
    for thread in threads:
        thread.start()
    begin.wait()
    cpu, wall = time.process_time(), time.perf_counter()
    for thread in threads:
        thread.join()
    wall = time.perf_counter() - wall
    print(json.dumps({"frames": counts, "wall_s": wall, "cpu_s": time.process_time() - cpu}))


if __name__ == "__main__":
    main()
