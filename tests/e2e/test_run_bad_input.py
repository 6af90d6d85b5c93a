"""`takt run` with cameras that are wrong, missing or hostile beside a good one, and with wrong passwords."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest

from streamer.clock import SystemClock
from streamer.testing.bomb import BombFeed
from streamer.testing.rtsp import RtspCamera
from tests.e2e.consumer import Consumer, assert_lawful
from tests.e2e.films import film
from tests.e2e.mosquitto import Mosquitto
from tests.e2e.networks import always_bright
from tests.e2e.processes import GstServer
from tests.e2e.takt import Takt, rtsp, until

pytestmark = pytest.mark.e2e
CANARY = "k4n4r1enVogel"
"""A password that must never be seen."""


@contextmanager
def closed_port() -> Iterator[int]:
    """A port where nobody listens, and nobody else can."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


@asynccontextmanager
async def silent_host() -> AsyncIterator[int]:
    """Takes connections and never says a word."""
    held: list[asyncio.StreamWriter] = []

    async def take(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        held.append(writer)

    async with await asyncio.start_server(take, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]
        for writer in held:
            writer.close()


async def test_bad_cameras_are_named_and_leave_the_good_one_alone(
    tmp_path: Path, broker: Mosquitto, consumer: Consumer
) -> None:
    text = tmp_path / "notes.mp4"
    text.write_text("This is not a video.\n" * 1000)
    login = tmp_path / "login"
    login.write_text(f"viewer:{CANARY}-from-a-file")
    played = {"live": film(tmp_path)}
    with GstServer(played) as good, GstServer(played, "viewer", f"{CANARY}-right") as guarded, closed_port() as closed:
        async with RtspCamera(BombFeed(SystemClock())) as bomb, silent_host() as silent:
            reasons = {
                "password": ("auth", rtsp("password", guarded.address("live", f"viewer:{CANARY}"))),
                "file": ("auth", rtsp("file", guarded.address("live"), credentials_file=str(login))),
                "nobody": ("refused", rtsp("nobody", f"rtsp://viewer:{CANARY}@127.0.0.1:{closed}/live")),
                "silent": ("timeout", rtsp("silent", f"rtsp://127.0.0.1:{silent}/live", open_timeout_s=1.0)),
                "path": ("not_found", rtsp("path", good.address("elsewhere"))),
                "unknown": ("dns", rtsp("unknown", f"rtsp://viewer:{CANARY}@camera.invalid/live")),
                "bomb": ("too_large", rtsp("bomb", bomb.url)),
                "text": ("not_video", rtsp("text", "rtsp://x/") | {"source": {"kind": "file", "path": str(text)}}),
            }
            streams = [rtsp("good", good.address("live")), *(section for _, section in reasons.values())]
            networks = {"constant": always_bright(tmp_path / "net")}
            async with Takt(tmp_path, broker.port, networks, streams, log={"level": "debug"}) as takt:
                for name, (reason, _) in reasons.items():
                    await until(lambda n=name, r=reason: ("offline", r) in consumer.statuses(n))
                await until(lambda: consumer.events("good", "started"))
                await takt.reaches({"takt_frames_decoded_total": {"good": 25}})
                _, metrics = await takt.page("metrics")
                memory = await takt.metric("process_resident_memory_bytes")
                assert await takt.stop() == 0

    assert memory < 1 << 30
    await until(consumer.was_left)
    assert_lawful(consumer.payloads(), all_ended=True)
    assert [(event["stream"], event["phase"]) for event in consumer.payloads()] == [
        ("good", "started"),
        ("good", "ended"),
    ]
    assert [status for status, _ in consumer.statuses("good")].count("online") == 1
    told = takt.log + metrics + repr(consumer.received)
    assert CANARY not in told
    for name in reasons:
        assert f"stream {name}: " in takt.log
    assert "Traceback" not in takt.log


async def test_a_wrong_password_at_the_broker_is_named_and_not_shown(tmp_path: Path) -> None:
    """The right one, given later in its file, delivers what has waited."""
    passwords, secret = tmp_path / "passwords", tmp_path / "secret"
    subprocess.run(["mosquitto_passwd", "-b", "-c", passwords, "takt", f"{CANARY}-right"], check=True)  # noqa: ASYNC221
    secret.write_text(CANARY)
    lines = (f"password_file {passwords}", "allow_anonymous false")
    with GstServer({"live": film(tmp_path)}) as camera, Mosquitto(tmp_path / "broker", *lines) as broker:
        login = {"url": f"mqtt://127.0.0.1:{broker.port}", "username": "takt", "password_file": str(secret)}
        streams = [rtsp("cam", camera.address("live"))]
        takt = Takt(tmp_path, broker.port, {"constant": always_bright(tmp_path / "net")}, streams, mqtt=login)
        async with takt:

            async def accepted() -> bool:
                return await takt.metric("takt_events_accepted_total") > 0

            await until(accepted)
            await until(lambda: "check user name, password" in takt.log)
            assert await takt.metric("takt_mqtt_connected") == 0
            assert await takt.metric("takt_mqtt_reconnects_total", reason="auth") >= 1
            assert CANARY not in takt.log


async def test_two_services_do_not_share_a_data_folder(tmp_path: Path, broker: Mosquitto, consumer: Consumer) -> None:
    with GstServer({"live": film(tmp_path)}) as camera:
        streams = [rtsp("cam", camera.address("live"))]
        networks = {"constant": always_bright(tmp_path / "net")}
        async with Takt(tmp_path, broker.port, networks, streams) as first:
            await until(lambda: consumer.events("cam", "started"))
            second = Takt(tmp_path / "second", broker.port, networks, streams, data_dir=str(tmp_path / "data"))
            code, (*_, problem) = await second.run_to_its_end()
            assert code == 1
            assert str(tmp_path / "data") in problem["problem"]
            assert "Traceback" not in second.log
            assert await first.stop() == 0
    await until(consumer.was_left)
    assert_lawful(consumer.payloads(), all_ended=True)
    assert json.dumps(consumer.statuses("cam")).count("online") == 1
