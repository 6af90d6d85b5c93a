"""The limit: cameras that a bare PyAV loop decodes and scales, with nothing behind it. Run as a process.

usage: python -m benchmarks.bare URL... [--size WxH] [--interval SECONDS]

One thread and one URL a camera. Every picture is decoded; the first of each interval is scaled and copied out, as the
service does for its clips, with the same options. Says that it is ready when every camera delivers; then prints one
JSON line for each line it reads: for each camera the capture time of its newest scaled picture, and the ages of all
that were scaled since it was last asked. Ends on SIGTERM.
"""

from __future__ import annotations

import argparse
import json
import struct
import sys
import threading
import time
from itertools import chain

import av
import av.logging
from av.video.reformatter import VideoReformatter

OPTIONS = {"rtsp_transport": "tcp", "allowed_media_types": "video", "analyzeduration": "0", "probesize": "32"}


class Camera:
    """Decodes and scales one camera for ever."""

    def __init__(self, url: str, size: tuple[int, int], interval_s: float) -> None:
        self._url = url
        self._size = size
        self._interval_s = interval_s
        self.newest_at = 0.0
        self.ages_s: list[float] = []
        self.ready = threading.Event()

    def follow(self) -> None:
        container = av.open(self._url, format="rtsp", options=OPTIONS, timeout=(5, 5))
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        tick, shrink, colour, last = float(stream.time_base), VideoReformatter(), VideoReformatter(), -1
        width, height = self._size
        for packet in container.demux(stream):
            for frame in packet.decode():
                slot = last if frame.pts is None else int(frame.pts * tick / self._interval_s)
                if slot <= last:
                    continue
                last = slot
                small = shrink.reformat(
                    frame, width=width, height=height, format="yuv420p", interpolation="AREA", threads=1
                )
                colour.reformat(small, format="rgb24", threads=1).to_ndarray()
                if packet.has_sidedata("prft"):
                    self._count(packet)

    def _count(self, packet: av.Packet) -> None:
        """The camera's own clock says when the picture was captured."""
        (captured_us,) = struct.unpack_from("<q", bytes(packet.get_sidedata("prft")))
        self.newest_at = captured_us / 1e6
        self.ages_s.append(time.time() - self.newest_at)
        self.ready.set()

    def told(self) -> tuple[float, list[float]]:
        ages, self.ages_s = self.ages_s, []
        return self.newest_at, ages


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("urls", nargs="+")
    parser.add_argument("--size", default="200x112")
    parser.add_argument("--interval", type=float, default=0.125)
    asked = parser.parse_args()
    av.logging.set_level(None)
    width, height = map(int, asked.size.split("x"))
    cameras = [Camera(url, (width, height), asked.interval) for url in asked.urls]
    for camera in cameras:
        threading.Thread(target=camera.follow, daemon=True).start()
    for camera in cameras:
        camera.ready.wait()
    print(json.dumps({"ready": len(cameras)}), flush=True)
    for _ in sys.stdin:
        newest, ages = zip(*(camera.told() for camera in cameras), strict=True)
        print(json.dumps({"at": time.time(), "newest_at": newest, "ages_s": list(chain(*ages))}), flush=True)


if __name__ == "__main__":
    main()
