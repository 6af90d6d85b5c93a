"""A camera under which native code breaks takes one worker after the other with it, and is set aside."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest

from tests.e2e.consumer import Consumer, assert_lawful
from tests.e2e.films import film
from tests.e2e.mosquitto import Mosquitto
from tests.e2e.networks import always_bright
from tests.e2e.processes import GstServer
from tests.e2e.takt import Takt, rtsp, until
from tests.e2e.test_run_changes import asked, last_status
from tests.e2e.test_workers import placed, process_of

pytestmark = pytest.mark.e2e


async def state(takt: Takt, stream: str) -> tuple[str, str]:
    view = (await asked(takt, f"/streams/{stream}"))[1]
    return view["state"], view["reason"]


async def test_a_stream_that_breaks_workers_is_set_aside_and_the_others_go_on(
    tmp_path: Path, broker: Mosquitto, consumer: Consumer
) -> None:
    with GstServer({"live": film(tmp_path)}) as camera:
        url = camera.address("live")
        networks = {"constant": always_bright(tmp_path / "net")}
        streams = [rtsp("bad", url), rtsp("good", url)]
        async with Takt(tmp_path, broker.port, networks, streams, workers=2) as takt:
            await until(lambda: all(consumer.events(name, "started") for name in ("bad", "good")), 90)
            for death in range(1, 4):
                await until(lambda: live(takt, "bad"), 60)
                os.kill(process_of(takt, (await placed(takt))["bad"]), signal.SIGSEGV)
                await until(lambda death=death: died(takt, death))  # type: ignore[misc]
            await until(lambda: live(takt, "good"), 60)
            assert await state(takt, "bad") == ("backoff", "quarantine")
            await until(lambda: json.loads(last_status(consumer, "bad"))["reason"] == "quarantine")
            assert takt.log.count("stream bad is set aside") == 1
            assert "stream good is set aside" not in takt.log

            assert (await asked(takt, "/streams/bad", "PUT", {**rtsp("bad", url), "priority": 1}))[0] == 200
            await until(lambda: live(takt, "bad"), 60)
            assert await takt.stop() == 0
    assert_lawful(consumer.payloads(), all_ended=True)


async def live(takt: Takt, stream: str) -> bool:
    return stream in await placed(takt)


async def died(takt: Takt, times: int) -> bool:
    return await takt.metric("takt_worker_restarts_total", reason="crash") == times
