"""The API of a real service is one with what its broker gets, over a restart too."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from streamer.testing.film import write_film
from tests.e2e.consumer import Consumer
from tests.e2e.mosquitto import Mosquitto
from tests.e2e.networks import brightness
from tests.e2e.processes import GstServer
from tests.e2e.takt import Takt, rtsp, until
from tests.e2e.test_run import blinking

pytestmark = pytest.mark.e2e
TOKEN = "CANARY-7f3-0123456789"
PASSWORD = "CANARY-8a1"
AT_ONCE = {"default": {"on": 0.6, "off": 0.4, "smooth_s": 0, "release_s": 0}}


async def ask(takt: Takt, method: str, path: str, body: object = None, **headers: str) -> tuple[int, Any]:
    """Status and document; a token that may everything is sent."""
    return await asyncio.to_thread(_ask, takt.url("api") + path, method, body, headers)


def _ask(url: str, method: str, body: object, headers: Mapping[str, str]) -> tuple[int, Any]:
    fields = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json", **headers}
    asked = Request(url, None if body is None else json.dumps(body).encode(), fields, method=method)
    try:
        with urlopen(asked, timeout=30) as answer:
            text = answer.read()
            return answer.status, json.loads(text) if text else None
    except HTTPError as error:
        return error.code, json.loads(error.read())


async def events(takt: Takt) -> list[Any]:
    """All that the history has, the oldest first."""
    _, page = await ask(takt, "GET", "/events?limit=1000")
    return list(reversed(page["events"]))


async def live(takt: Takt, count: int, after: int) -> list[tuple[int, Any]]:
    """The first actions that happen, with their numbers."""
    found: list[tuple[int, Any]] = []

    def read() -> None:
        headers = {"Authorization": f"Bearer {TOKEN}", "Last-Event-ID": str(after)}
        with urlopen(Request(f"{takt.url('api')}/events/live?type=action", None, headers), timeout=30) as answer:
            number = 0
            for line in answer:
                name, _, value = line.decode().strip().partition(": ")
                if name == "id":
                    number = int(value)
                elif name == "data":
                    found.append((number, json.loads(value)))
                if len(found) >= count:
                    return

    await asyncio.to_thread(read)
    return found


async def test_what_the_api_tells_is_what_the_broker_got(tmp_path: Path, broker: Mosquitto, consumer: Consumer) -> None:
    network = brightness(tmp_path / "net")
    tokens = [{"name": "all", "token": TOKEN, "scopes": ["admin"]}]
    film = write_film(tmp_path / "blinking.mp4", blinking(), 25)
    with GstServer({"live": film}, "viewer", PASSWORD) as camera:
        watched = rtsp("cam", camera.address("live").replace("rtsp://", f"rtsp://viewer:{PASSWORD}@"))
        watched["watches"] = [{"id": "left", "recognizer": "light", "region": [0, 0, 0.5, 1], "events": AT_ONCE}]
        http = {"port": 0, "tokens": tokens}
        async with Takt(tmp_path, broker.port, {"light": network}, [watched], http=http) as takt:
            await until(lambda: len(consumer.events("cam", "ended")) >= 1)
            _, streams = await ask(takt, "GET", "/streams")
            (cam,) = streams["streams"]
            assert (cam["state"], cam["blind"], cam["fps"] > 5) == ("live", "blocked", True), "each half is of one grey"
            known = await events(takt)
            fresh = await live(takt, 3, known[0]["number"])
            assert [number for number, _ in fresh][: len(known) - 1] == [one["number"] for one in known[1:4]]

            added = {**watched, "id": "second"}
            status, view = await ask(takt, "POST", "/streams", added)
            assert (status, view["origin"]) == (201, "api")
            assert (await ask(takt, "POST", "/streams", added))[0] == 409
            assert (await ask(takt, "POST", "/streams", {**added, "id": "a", "source": {}}))[0] == 422
            await until(lambda: consumer.events("second", "started"))
            assert (await ask(takt, "POST", "/streams/second/stop"))[1]["state"] == "stopped"
            assert (await ask(takt, "DELETE", "/streams/second"))[0] == 204
            assert (await ask(takt, "GET", "/streams/second"))[0] == 404
            told = json.dumps([await ask(takt, "GET", path) for path in ("/streams", "/config", "/health", "/models")])
            assert await takt.stop() == 0
            await takt.start()
            remembered = await events(takt)
            assert await takt.stop() == 0
        published = {body["event_id"]: body for body in consumer.payloads()}
        assert [one["body"] for one in remembered] == [published[one["body"]["event_id"]] for one in remembered]
        assert {one["number"] for one in known} < {one["number"] for one in remembered}
        assert "CANARY" not in told + takt.log
