"""An edge node and a host application at a real Mosquitto. The host reads payloads with a decoder of its own."""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

from streamer.clock import SystemClock
from streamer.sinks.mqtt import MqttOptions
from streamer.sinks.sparkplug.client import NodeOptions, SparkplugNode
from streamer.sinks.sparkplug.payload import DataType, Metric, Payload, written
from streamer.sinks.station import Station
from streamer.testing.sinks import FakeObserver
from tests.e2e.listener import Listener
from tests.e2e.mosquitto import Mosquitto
from tests.e2e.takt import until
from tests.streamer.sinks.sparkplug.decoding import Decoded, decoded

pytestmark = pytest.mark.e2e

T = TypeVar("T")
BENCH = Station("cam", "bench", ("tighten",))
ONLINE, OFFLINE = {"status": "online", "reason": "live"}, {"status": "offline", "reason": "shutdown"}
HOST = "spBv1.0/STATE/scada"
ROOT = Path(__file__).parents[2]


class Brisk(SystemClock):
    """Makes the pauses between tries short."""

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(min(seconds, 0.05))


class Host(Listener):
    """A primary host application: it hears everything of a group and may command."""

    def __init__(self, port: int) -> None:
        super().__init__(port, "spBv1.0/Plant/#", name="host")

    def heard(self) -> list[tuple[str, Decoded]]:
        """(kind and device, payload) in order of arrival."""
        parts = [(message.topic.split("/"), bytes(message.payload)) for message in list(self.messages)]
        return [(" ".join([part[2], *part[4:]]), decoded(data)) for part, data in parts if part[2] != "NCMD"]

    def kinds(self) -> list[str]:
        return [kind for kind, _ in self.heard()]

    async def until(self, found: Callable[[], T]) -> T:
        return await asyncio.to_thread(self.wait, lambda _: found())

    async def rebirth(self) -> None:
        command = written(Payload((Metric("Node Control/Rebirth", DataType.BOOLEAN, True, 1),), 1))
        await asyncio.to_thread(self.say, "spBv1.0/Plant/NCMD/line1", command, qos=0)

    def assert_lawful(self) -> None:
        """Numbers without gaps from each NBIRTH on, nothing retained, and QoS 0 for all but deaths of the node."""
        assert not any(message.retain for message in self.messages)
        ours = [message for message in self.messages if "/NCMD/" not in message.topic]
        assert {message.topic.split("/")[2] for message in ours if message.qos > 0} <= {"NDEATH"}
        expected = None
        for kind, payload in self.heard():
            if kind == "NDEATH":
                assert payload.seq is None
                expected = None
                continue
            expected = 0 if kind == "NBIRTH" else None if expected is None else (expected + 1) % 256
            assert payload.seq == expected, kind
            assert payload.timestamp


def edge_node(folder: Path, broker: Mosquitto, primary_host: str | None = None) -> SparkplugNode:
    node = SparkplugNode(
        MqttOptions("127.0.0.1", broker.port, client_id="line1-sparkplug"),
        NodeOptions("Plant", "line1", primary_host),
        folder,
        Brisk(),
        FakeObserver(),
    )
    node.consist_of([BENCH])
    node.state("cam/status", ONLINE)
    return node


async def test_a_session_begins_with_births_goes_on_with_what_changes_and_ends_with_a_death(tmp_path: Path) -> None:
    with Mosquitto(tmp_path / "broker") as broker, Host(broker.port) as host:
        async with edge_node(tmp_path, broker) as node:
            await host.until(lambda: host.kinds() == ["NBIRTH", "DBIRTH cam"])
            for count in range(300):  # more than there are numbers
                node.state("cam/bench/state", {"open_count": count + 1})
            node.state("cam/status", OFFLINE)
            await host.until(lambda: "DDEATH cam" in host.kinds())
        await host.until(lambda: "NDEATH" in host.kinds())

        assert host.kinds() == ["NBIRTH", "DBIRTH cam", *["DDATA cam"] * 300, "DDEATH cam", "NDEATH"]
        host.assert_lawful()
        births = dict(host.heard()[:2])
        assert births["NBIRTH"].values["bdSeq"] == host.heard()[-1][1].values["bdSeq"] == 0
        assert births["DBIRTH cam"].values["Status"] == "online"


async def test_a_host_that_asks_for_it_gets_all_births_again_with_the_same_number(tmp_path: Path) -> None:
    with Mosquitto(tmp_path / "broker") as broker, Host(broker.port) as host:
        async with edge_node(tmp_path, broker) as node:
            await host.until(lambda: host.kinds() == ["NBIRTH", "DBIRTH cam"])
            node.state("cam/bench/state", {"open_count": 3})
            await host.until(lambda: host.kinds()[-1] == "DDATA cam")
            await host.rebirth()
            await host.until(lambda: host.kinds()[-1:] == ["DBIRTH cam"] and len(host.kinds()) == 5)

        first, again = (payload for kind, payload in host.heard() if kind == "NBIRTH")
        assert first.values["bdSeq"] == again.values["bdSeq"] == 0
        assert host.heard()[4][1].values["bench/Open"] == 3


async def test_a_broker_that_was_away_is_told_births_of_a_connection_with_the_next_number(tmp_path: Path) -> None:
    with Mosquitto(tmp_path / "broker") as broker:
        async with edge_node(tmp_path, broker) as node:
            with Host(broker.port) as host:
                await host.rebirth()
                await host.until(lambda: "NBIRTH" in host.kinds())
            broker.kill()
            node.state("cam/bench/state", {"open_count": 5})
            broker.start()
            with Host(broker.port) as host:
                await host.until(lambda: "DBIRTH cam" in host.kinds() or ask(host))
                births = dict(host.heard())
        assert births["NBIRTH"].values["bdSeq"] > 0
        assert births["DBIRTH cam"].values["bench/Open"] == 5


async def test_a_login_that_is_refused_is_tried_rarely_and_says_what_would_be_right(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    asked: list[float] = []

    class Remembering(Brisk):
        async def sleep(self, seconds: float) -> None:
            asked.append(seconds)
            await super().sleep(seconds)

    observer = FakeObserver()
    with Mosquitto(tmp_path / "broker", "allow_anonymous false") as broker:
        options = MqttOptions("127.0.0.1", broker.port, client_id="line1-sparkplug")
        async with SparkplugNode(options, NodeOptions("Plant", "line1"), tmp_path, Remembering(), observer):
            await until(lambda: len(asked) >= 2)

    assert min(asked) >= 10
    assert set(observer.reconnects) == {"auth"}
    assert not any(observer.born)
    assert "check user name, password and the broker's access list" in caplog.text


async def test_a_service_that_is_killed_is_dead_by_its_will_and_comes_back_with_the_next_number(tmp_path: Path) -> None:
    with Mosquitto(tmp_path / "broker") as broker, Host(broker.port) as host:
        for number in range(3):
            process = await service(tmp_path, broker)
            try:
                await host.until(lambda n=number: host.kinds().count("DBIRTH cam") == n + 1)  # type: ignore[misc]
            finally:
                process.kill()
                await process.wait()
            await host.until(lambda n=number: host.kinds().count("NDEATH") == n + 1)  # type: ignore[misc]

        with Host(broker.port) as late:
            late.say("spBv1.0/Plant/NCMD/nobody", b"")
            late.wait(lambda _: late.messages)
            assert late.kinds() == [], "nothing of it is retained, nor the will"
        host.assert_lawful()
        for kind in ("NBIRTH", "NDEATH"):
            assert [payload.values["bdSeq"] for one, payload in host.heard() if one == kind] == [0, 1, 2]


async def test_births_wait_for_the_primary_host_and_the_session_ends_when_it_goes(tmp_path: Path) -> None:
    def state(online: bool, at: int) -> bytes:
        return json.dumps({"online": online, "timestamp": at}).encode()

    with Mosquitto(tmp_path / "broker") as broker, Host(broker.port) as host:
        await asyncio.to_thread(host.say, HOST, state(False, 1), retain=True)
        async with edge_node(tmp_path, broker, "scada"):
            await host.rebirth()  # is not answered: there was no birth
            await asyncio.to_thread(host.say, HOST, state(True, 2), retain=True)
            await host.until(lambda: host.kinds() == ["NBIRTH", "DBIRTH cam"])
            await asyncio.to_thread(host.say, HOST, state(False, 1), retain=True)  # late news of an older session
            await asyncio.to_thread(host.say, HOST, b"OFFLINE", retain=True)  # of Sparkplug 2
            await host.rebirth()
            await host.until(lambda: host.kinds()[2:] == ["NBIRTH", "DBIRTH cam"])
            await asyncio.to_thread(host.say, HOST, state(False, 2), retain=True)
            await host.until(lambda: host.kinds()[4:] == ["NDEATH"])
            await asyncio.to_thread(host.say, HOST, state(True, 3), retain=True)
            await host.until(lambda: host.kinds()[5:] == ["NBIRTH", "DBIRTH cam"])

        host.assert_lawful()
        numbers = [payload.values["bdSeq"] for kind, payload in host.heard() if kind == "NBIRTH"]
        assert numbers[0] == numbers[1] < numbers[2]
        dead = next(payload for kind, payload in host.heard() if kind == "NDEATH")
        assert dead.values["bdSeq"] == numbers[0]


async def service(folder: Path, broker: Mosquitto) -> Process:
    """An edge node in a process of its own."""
    command = (sys.executable, "-m", "tests.e2e.test_sparkplug", str(folder), str(broker.port))
    return await asyncio.create_subprocess_exec(*command, stdout=PIPE, cwd=ROOT)


def ask(host: Host) -> bool:
    """The births may have been before the host was back: as every host, it asks."""
    command = written(Payload((Metric("Node Control/Rebirth", DataType.BOOLEAN, True, 1),), 1))
    host._client.publish("spBv1.0/Plant/NCMD/line1", command, 0)
    return False


async def _stay(folder: Path, port: int) -> None:
    broker = MqttOptions("127.0.0.1", port, client_id="line1-sparkplug")
    node = SparkplugNode(broker, NodeOptions("Plant", "line1"), folder, SystemClock(), FakeObserver())
    node.consist_of([BENCH])
    node.state("cam/status", ONLINE)
    async with node:
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_stay(Path(sys.argv[1]), int(sys.argv[2])))
