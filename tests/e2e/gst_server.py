# ruff: noqa: E402 - gi wants its versions before its modules
"""A GStreamer RTSP server on loopback that plays films in a loop, without re-encoding. Run as a process of its own.

usage: gst_server.py NAME=FILE… [--port 0] [--user USER --password PASSWORD]

Prints `ready PORT` once it listens. H.264 only. Digest authentication when a user is given.
"""

from __future__ import annotations

import argparse
import sys
import threading
import time

sys.path.append("/usr/lib/python3/dist-packages")  # Debian's gi; appended, so that it shadows nothing

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
import av
from av.bitstream import BitStreamFilterContext
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer

PIPELINE = (
    "( appsrc name=src is-live=true format=time "
    "caps=video/x-h264,stream-format=byte-stream,alignment=au ! queue ! h264parse ! "
    "rtph264pay config-interval=-1 name=pay0 pt=96 )"
)


def access_units(path: str) -> tuple[float, list[bytes]]:
    with av.open(path) as film:
        stream = film.streams.video[0]
        annex_b = BitStreamFilterContext("h264_mp4toannexb", stream)
        rate = float(stream.average_rate)
        return rate, [
            bytes(unit) for packet in film.demux(stream) if packet.dts is not None for unit in annex_b.filter(packet)
        ]


class Film(GstRtspServer.RTSPMediaFactory):
    """All clients see the same loop (shared), paced by the film's own rate."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self.rate, self.units = access_units(path)
        self.set_shared(True)

    def do_create_element(self, _url):
        return Gst.parse_launch(PIPELINE)

    def do_configure(self, media) -> None:
        source = media.get_element().get_child_by_name("src")
        gone = threading.Event()
        media.connect("unprepared", lambda _media: gone.set())
        threading.Thread(target=self._play, args=(source, gone), daemon=True).start()

    def _play(self, source, gone: threading.Event) -> None:
        started, number = time.monotonic(), 0
        while not gone.is_set():
            buffer = Gst.Buffer.new_wrapped(self.units[number % len(self.units)])
            buffer.pts = buffer.dts = int(number / self.rate * Gst.SECOND)
            buffer.duration = int(Gst.SECOND / self.rate)
            if source.emit("push-buffer", buffer) != Gst.FlowReturn.OK:
                return
            number += 1
            gone.wait(max(0.0, started + number / self.rate - time.monotonic()))


def demand_login(server, factories, user: str, password: str) -> None:
    auth = GstRtspServer.RTSPAuth()
    auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", "viewer")
    auth.add_digest(user, password, token)
    permissions = GstRtspServer.RTSPPermissions()
    for right in ("media.factory.access", "media.factory.construct"):
        permissions.add_permission_for_role("viewer", right, True)
    for factory in factories:
        factory.set_permissions(permissions)
    server.set_auth(auth)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("films", nargs="+")
    parser.add_argument("--port", default="0")
    parser.add_argument("--user")
    parser.add_argument("--password", default="")
    arguments = parser.parse_args()

    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(arguments.port)
    factories = []
    for film in arguments.films:
        name, path = film.split("=", 1)
        factories.append(Film(path))
        server.get_mount_points().add_factory(f"/{name}", factories[-1])
    if arguments.user:
        demand_login(server, factories, arguments.user, arguments.password)
    if server.attach(None) == 0:
        sys.exit(f"cannot listen on port {arguments.port}")
    print(f"ready {server.get_bound_port()}", flush=True)
    GLib.MainLoop().run()


if __name__ == "__main__":
    main()
