# ruff: noqa: E402 - gi wants its versions before its modules
"""A GStreamer RTSP server on loopback that plays films in a loop, without re-encoding. Run as a process of its own.

usage: gst_server.py NAME=FILE[+FILE…]… [--port 0] [--user USER --password PASSWORD] [--sound]

Prints `ready PORT` once it listens. H.264 or H.265; files joined by + are played one after the other. Digest
authentication when a user is given. With --sound a tone is offered beside every film.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import threading
import time
from typing import NamedTuple

sys.path.append("/usr/lib/python3/dist-packages")  # Debian's gi; appended, so that it shadows nothing

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
import av
from av.bitstream import BitStreamFilterContext
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer

# Parameter sets are in the stream already. With `config-interval=-1` the payloader would repeat them before every
# slice of a key frame, and readers would take each slice for a picture of its own.
VIDEO = (
    "appsrc name=src is-live=true format=time caps=video/x-{codec},stream-format=byte-stream,alignment=au "
    "! queue ! {codec}parse ! rtp{codec}pay name=pay0 pt=96"
)
SOUND = "audiotestsrc is-live=true ! audio/x-raw,rate=8000,channels=1 ! alawenc ! rtppcmapay name=pay1 pt=8"
CODECS = {"h264": ("h264", "h264_mp4toannexb"), "hevc": ("h265", "hevc_mp4toannexb")}


class Unit(NamedTuple):
    """One coded picture of a film."""

    due_s: float
    """When it is sent (decoding order), seconds from the film's start."""
    shown_s: float
    """When it is shown: with B-frames later than it is sent, and in another order."""
    data: bytes


def read_film(path: str) -> tuple[str, float, list[Unit]]:
    """Codec, seconds and units of a film."""
    with av.open(path) as film:
        stream = film.streams.video[0]
        codec, to_annex_b = CODECS[stream.codec_context.name]
        annex_b = BitStreamFilterContext(to_annex_b, stream)
        packets = [packet for packet in film.demux(stream) if packet.dts is not None]
        first, unit_s = packets[0].dts, float(stream.time_base)
        units = []
        for packet in packets:
            times = (packet.dts - first) * unit_s, (packet.pts - first) * unit_s  # the filter empties the packet
            units += [Unit(*times, bytes(part)) for part in annex_b.filter(packet)]
        return codec, len(packets) / float(stream.average_rate), units


class Films(GstRtspServer.RTSPMediaFactory):
    """All clients see the same loop (shared), paced by the films' own times."""

    def __init__(self, paths: list[str], sound: bool) -> None:
        super().__init__()
        films = [read_film(path) for path in paths]
        self.codec = films[0][0]
        self.sound = sound
        self.units, self.seconds = [], 0.0
        for _, seconds, units in films:
            self.units += [Unit(self.seconds + due_s, self.seconds + shown_s, data) for due_s, shown_s, data in units]
            self.seconds += seconds
        self.set_shared(True)

    def do_create_element(self, _url):
        return Gst.parse_launch(f"( {VIDEO.format(codec=self.codec)} {SOUND if self.sound else ''} )")

    def do_configure(self, media) -> None:
        source = media.get_element().get_child_by_name("src")
        gone = threading.Event()
        media.connect("unprepared", lambda _media: gone.set())
        threading.Thread(target=self._play, args=(source, gone), daemon=True).start()

    def _play(self, source, gone: threading.Event) -> None:
        began_s = time.monotonic()
        for turn in itertools.count():
            for unit in self.units:
                gone.wait(max(0.0, began_s + turn * self.seconds + unit.due_s - time.monotonic()))
                if gone.is_set():
                    return
                buffer = Gst.Buffer.new_wrapped(unit.data)
                buffer.pts = int((turn * self.seconds + unit.shown_s) * Gst.SECOND)
                buffer.dts = int((turn * self.seconds + unit.due_s) * Gst.SECOND)
                if source.emit("push-buffer", buffer) != Gst.FlowReturn.OK:
                    return


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
    parser.add_argument("--sound", action="store_true")
    arguments = parser.parse_args()

    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(arguments.port)
    factories = []
    for film in arguments.films:
        name, path = film.split("=", 1)
        factories.append(Films(path.split("+"), arguments.sound))
        server.get_mount_points().add_factory(f"/{name}", factories[-1])
    if arguments.user:
        demand_login(server, factories, arguments.user, arguments.password)
    if server.attach(None) == 0:
        sys.exit(f"cannot listen on port {arguments.port}")
    print(f"ready {server.get_bound_port()}", flush=True)
    GLib.MainLoop().run()


if __name__ == "__main__":
    main()
