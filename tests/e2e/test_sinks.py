"""A service with three sinks: each has every event in the end, whichever was away."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from streamer.testing.http_stub import HttpStub
from tests.e2e.consumer import Consumer
from tests.e2e.mosquitto import Mosquitto
from tests.e2e.takt import START_S, TAKT, until
from tests.streamer.plants import blinking_film, write_plant

pytestmark = pytest.mark.e2e


async def test_a_broker_a_file_and_a_webhook_get_every_event(tmp_path: Path) -> None:
    film = blinking_film(tmp_path / "film.mp4", 4)
    stub = HttpStub(status=lambda n: 503 if n < 2 else 204)
    with Mosquitto(tmp_path / "broker") as broker, Consumer(broker.port) as consumer:
        async with stub.serving():
            more = f"""\
mqtt: {{url: "mqtt://127.0.0.1:{broker.port}", client_id: service}}
sinks:
  - {{kind: jsonl, id: lines, file: {tmp_path}/events.jsonl}}
  - {{kind: webhook, id: hook, url: "http://127.0.0.1:{stub.port}/"}}
"""
            config = write_plant(tmp_path, {"cam": f"{{kind: file, path: {film}}}"}, more)
            process = await asyncio.create_subprocess_exec(TAKT, "run", config)
            assert await asyncio.wait_for(process.wait(), START_S) == 0
            await until(consumer.was_left)
    events = [one["event_id"] for one in consumer.events("cam")]
    lines = [json.loads(line)["payload"]["event_id"] for line in (tmp_path / "events.jsonl").read_text().splitlines()]
    posted = [json.loads(one.body)["event_id"] for one in stub.posted]

    assert len(events) >= 2
    assert lines == events
    assert list(dict.fromkeys(posted)) == events
