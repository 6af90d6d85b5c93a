"""A process of the service: what it shows, when it is ready, and how a signal ends it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from streamer.errors import ConfigError, OutboxUnavailable
from streamer.service import run
from streamer.settings import Settings, TokenSection, load
from streamer.signals import stop_on_signals
from tests.streamer.plants import blinking_film, write_plant

NOWHERE = '{kind: rtsp, url: "rtsp://127.0.0.1:1/"}'
NO_BROKER = 'mqtt: {url: "mqtt://127.0.0.1:1"}\nshutdown: {grace_s: 0.1}\n'


def plant(folder: Path, more: str = NO_BROKER) -> Settings:
    return load(write_plant(folder, {"cam": NOWHERE}, more), {})


NO_HEADERS: Mapping[str, str] = MappingProxyType({})


class Shown:
    """The URLs that the service shows."""

    def __init__(self) -> None:
        self.there = asyncio.Event()
        self.fields: Mapping[str, object] = {}

    def __call__(self, fields: Mapping[str, object], text: str) -> None:
        assert str(fields["metrics"]) in text
        self.fields = fields
        self.there.set()

    async def page(self, name: str) -> tuple[int, str]:
        return await asyncio.to_thread(_get, str(self.fields[name]))


def _get(url: str, headers: Mapping[str, str] = NO_HEADERS) -> tuple[int, str]:
    try:
        with urlopen(Request(url, headers=dict(headers)), timeout=5) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as error:
        return error.code, error.read().decode()


async def test_it_is_alive_and_ready_without_a_camera_and_without_a_broker(tmp_path: Path) -> None:
    stop, shown = asyncio.Event(), Shown()
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        group.create_task(run(plant(tmp_path), stop, shown))
        await shown.there.wait()
        while (await shown.page("ready"))[0] != 200:
            assert (await shown.page("live"))[0] == 200
        status, metrics = await shown.page("metrics")
        stop.set()

    assert status == 200
    assert 'takt_stream_state{state="live",stream="cam"} 0.0' in metrics
    assert "takt_mqtt_connected 0.0" in metrics


async def test_what_it_does_is_told_over_the_api_to_who_knows_a_token(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("CANARY-7f3-0123456789\n")
    settings = plant(tmp_path)
    http = settings.http.model_copy(
        update={"tokens": (TokenSection(name="wall", token_file=tmp_path / "token", scopes=("read",)),)}
    )
    settings = settings.model_copy(update={"http": http})
    token = {"Authorization": "Bearer CANARY-7f3-0123456789"}
    stop, shown = asyncio.Event(), Shown()

    async def ask(path: str, headers: Mapping[str, str] = token) -> tuple[int, str]:
        return await asyncio.to_thread(_get, f"{shown.fields['api']}{path}", headers)

    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        group.create_task(run(settings, stop, shown))
        await shown.there.wait()
        stream: dict[str, Any] = {}
        while stream.get("state") != "backoff" or stream["watches"][0]["state"] is None:
            (stream,) = json.loads((await ask("/streams"))[1])["streams"]
        health, config = [json.loads((await ask(path))[1]) for path in ("/health", "/config")]
        refused = [(await ask(path, {}))[0] for path in ("/streams", "/health", "/config", "/openapi.json")]
        texts = [
            (await ask(path))[1] for path in ("/config", "/streams", "/models", "/procedures", "/session", "/events")
        ]
        stop.set()
    assert refused == [401] * 4
    assert "switched on" in stream["words"]
    assert stream["watches"][0]["andon"]["colour"] == "amber"
    assert (health["streams"], health["broker"]["state"]) == ({"backoff": 1}, "disconnected")
    assert config["streams"][0]["source"]["url"] == "**********"
    assert "CANARY" not in "".join(texts)
    assert '"wall"' in texts[4]


async def test_it_ends_by_itself_with_its_recordings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    film = blinking_film(tmp_path / "film.mp4", 2)
    file = write_plant(tmp_path, {"one": f"{{kind: file, path: {film}}}", "two": f"{{kind: file, path: {film}}}"})
    async with asyncio.timeout(60):
        await run(load(file, {}), asyncio.Event(), lambda fields, text: None)
    lines = capsys.readouterr().out.splitlines()
    assert {line.partition(",")[0] for line in lines} == {'{"topic":"one/events"', '{"topic":"two/events"'}


async def test_a_port_in_use_is_told(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = plant(tmp_path)
        http = settings.http.model_copy(update={"port": taken.getsockname()[1]})
        with pytest.raises(ConfigError, match="cannot listen"):
            await run(settings.model_copy(update={"http": http}), asyncio.Event(), lambda fields, text: None)


async def test_a_data_folder_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    with pytest.raises(OutboxUnavailable, match="cannot use the outbox folder"):
        await run(plant(tmp_path), asyncio.Event(), lambda fields, text: None)


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_asks_to_stop(sign: signal.Signals) -> None:
    stop = asyncio.Event()
    with stop_on_signals(stop):
        os.kill(os.getpid(), sign)
        async with asyncio.timeout(5):
            await stop.wait()
        assert stop.is_set()


STUBBORN = """
import asyncio
from streamer.signals import stop_on_signals

async def main():
    stop = asyncio.Event()
    with stop_on_signals(stop):
        print("ready", flush=True)
        await stop.wait()
        print("asked", flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.mark.e2e
def test_a_second_signal_leaves_at_once() -> None:
    with subprocess.Popen([sys.executable, "-c", STUBBORN], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            process.send_signal(signal.SIGTERM)
            assert process.stdout.readline() == "asked\n"
            process.send_signal(signal.SIGINT)
            assert process.wait(30) == 128 + signal.SIGINT
        finally:
            process.kill()


UNHEARD = """
import asyncio, sys
from streamer.signals import stop_on_signals

async def main():
    with stop_on_signals(asyncio.Event()):
        print("ready", flush=True)
        sys.stdout.write("x" * 10_000_000)
        sys.stdout.flush()

asyncio.run(main())
"""


@pytest.mark.e2e
def test_a_second_signal_leaves_even_where_nobody_reads_what_the_service_says() -> None:
    with subprocess.Popen([sys.executable, "-c", UNHEARD], stdout=subprocess.PIPE, text=True, bufsize=1) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            process.send_signal(signal.SIGTERM)
            process.send_signal(signal.SIGINT)
            assert process.wait(30) in (128 + signal.SIGINT, 128 + signal.SIGTERM)
        finally:
            process.kill()
