"""Delivery over a real Mosquitto and the embedded broker, with TLS and passwords, over outages."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from streamer.clock import SystemClock
from streamer.delivery import Delivery
from streamer.demo.broker import embedded_broker
from streamer.errors import MessageRejected
from streamer.outbox import Outbox
from streamer.sinks.mqtt import V311, MqttOptions, MqttSink, Subscriber
from streamer.testing.messages import message
from streamer.testing.sinks import FakeObserver
from tests.e2e.mosquitto import Mosquitto

pytestmark = pytest.mark.e2e


class Brisk(SystemClock):
    """Makes the pauses between tries short."""

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(min(seconds, 0.05))


def options(broker: Mosquitto, **more: object) -> MqttOptions:
    return replace(MqttOptions("127.0.0.1", broker.port, client_id="service"), **more)  # type: ignore[arg-type]


@asynccontextmanager
async def service(folder: Path, where: MqttOptions, observer: FakeObserver) -> AsyncIterator[tuple[Outbox, Delivery]]:
    clock = Brisk()
    async with (
        Outbox.open(folder, clock=clock, observer=observer) as outbox,
        MqttSink(where, clock, observer) as sink,
        asyncio.TaskGroup() as group,
    ):
        delivery = Delivery(outbox.outlet(), sink, clock, observer)
        running = group.create_task(delivery.run())
        yield outbox, delivery
        running.cancel()


async def connected(observer: FakeObserver) -> None:
    await asyncio.wait_for(observer.connected.wait(), 10)


async def test_a_broker_absent_at_the_start_gets_everything_when_it_comes(tmp_path: Path) -> None:
    broker, observer = Mosquitto(tmp_path / "broker"), FakeObserver()
    async with service(tmp_path / "outbox", options(broker), observer) as (outbox, delivery):
        await outbox.accept([message(number=n) for n in range(50)])
        with broker:
            assert await delivery.drain(20) == 0

    assert len(observer.latencies_s) == 50


async def test_a_broker_killed_and_revived_misses_nothing(tmp_path: Path) -> None:
    observer = FakeObserver()
    with Mosquitto(tmp_path / "broker") as broker:
        async with service(tmp_path / "outbox", options(broker), observer) as (outbox, delivery):
            await outbox.accept([message()])
            assert await delivery.drain(10) == 0
            broker.kill()
            await outbox.accept([message(number=n) for n in range(50)])
            await asyncio.wait_for(observer.lost.wait(), 10)
            broker.start()

            assert await delivery.drain(20) == 0
    assert observer.reconnects[0] == "lost"


async def test_the_status_is_online_and_in_the_end_offline(tmp_path: Path) -> None:
    observer = FakeObserver()
    with Mosquitto(tmp_path) as broker:
        async with Subscriber.open(options(broker, client_id="reader"), "takt/#") as reader:
            async with MqttSink(options(broker), SystemClock(), observer):
                assert await anext(reader) == ("takt/service/service/status", b"online")
            assert await anext(reader) == ("takt/service/service/status", b"offline")


async def test_the_broker_says_offline_for_a_service_that_vanished(tmp_path: Path) -> None:
    observer = FakeObserver()
    with Mosquitto(tmp_path) as broker:
        async with (
            Subscriber.open(options(broker, client_id="reader"), "takt/service/#") as reader,
            MqttSink(options(broker), SystemClock(), observer) as sink,
        ):
            assert (await anext(reader))[1] == b"online"
            assert sink._session is not None
            sink._session.drop("test")
            assert (await anext(reader))[1] == b"offline"


async def test_stream_state_is_there_for_whoever_comes_late(tmp_path: Path) -> None:
    observer = FakeObserver()
    with Mosquitto(tmp_path) as broker:
        async with MqttSink(options(broker), SystemClock(), observer) as sink:
            sink.state("cam/status", {"state": "online"})
            await connected(observer)
            await sink.put(message())
            async with Subscriber.open(options(broker, client_id="late"), "takt/cam/status") as reader:
                assert await anext(reader) == ("takt/cam/status", b'{"state":"online"}')


async def test_what_the_access_list_forbids_is_set_aside(tmp_path: Path) -> None:
    rules = tmp_path / "acl"
    rules.write_text("topic readwrite takt/service/#\ntopic readwrite takt/allowed/#\n")
    observer = FakeObserver()
    with Mosquitto(tmp_path / "broker", f"acl_file {rules}") as broker:
        async with service(tmp_path / "outbox", options(broker), observer) as (outbox, delivery):
            await outbox.accept([message("forbidden"), message("allowed")])
            assert await delivery.drain(10) == 0

    assert observer.dead == ["not_authorized"]
    assert len(observer.latencies_s) == 1


def certificates(folder: Path) -> None:
    """An authority `ca.pem`, and `server.pem` for localhost signed by it."""
    folder.mkdir()

    def openssl(*words: str) -> None:
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)

    new = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    openssl("req", "-x509", *new, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=Plant CA", "-days", "2")
    openssl("req", *new, "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=localhost")
    (folder / "names").write_text("subjectAltName=DNS:localhost")
    signing = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", "names")
    openssl("x509", "-req", "-in", "server.csr", "-out", "server.pem", *signing)


async def test_tls_and_password_are_verified(tmp_path: Path) -> None:
    keys, passwords = tmp_path / "keys", tmp_path / "passwords"
    certificates(keys)
    subprocess.run(["mosquitto_passwd", "-b", "-c", passwords, "takt", "secret"], check=True)  # noqa: ASYNC221
    lines = (
        f"cafile {keys}/ca.pem", f"certfile {keys}/server.pem", f"keyfile {keys}/server.key",
        f"password_file {passwords}", "allow_anonymous false",
    )  # fmt: skip
    good = {"host": "localhost", "tls": True, "ca_file": f"{keys}/ca.pem", "username": "takt", "password": "secret"}
    with Mosquitto(tmp_path / "broker", *lines) as broker:
        observer = FakeObserver()
        async with MqttSink(options(broker, **good), SystemClock(), observer) as sink:
            await connected(observer)
            await sink.put(message())

        for wrong, reason in (
            ({"password": "other"}, "auth"),
            ({"ca_file": None}, "tls"),
            ({"host": "127.0.0.1"}, "tls"),
        ):
            refused = Refusals()
            async with MqttSink(options(broker, **{**good, **wrong}), SystemClock(), refused):
                assert await asyncio.wait_for(refused.first, 10) == reason


class Refusals(FakeObserver):
    def __init__(self) -> None:
        super().__init__()
        self.first: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def mqtt_reconnect(self, reason: str) -> None:
        if not self.first.done():
            self.first.set_result(reason)


async def test_a_packet_over_the_brokers_limit_is_set_aside_and_not_sent_for_ever(tmp_path: Path) -> None:
    observer = FakeObserver()
    with Mosquitto(tmp_path, "max_packet_size 20000") as broker:
        async with MqttSink(options(broker), SystemClock(), observer) as sink:
            await connected(observer)
            with pytest.raises(MessageRejected, match="packet_too_large"):
                await sink.put(replace(message(), body={"blob": "x" * 30_000}))
            await sink.put(message())


async def test_the_embedded_broker_carries_messages_to_a_subscriber() -> None:
    observer = FakeObserver()
    async with embedded_broker() as broker:
        where = MqttOptions("127.0.0.1", broker.port, client_id="service", answer_timeout_s=1.0)
        async with (
            Subscriber.open(replace(where, client_id="reader", version=V311), "takt/+/events") as reader,
            MqttSink(where, SystemClock(), observer) as sink,
        ):
            await connected(observer)
            one = message()
            await sink.put(one)
            topic, payload = await anext(reader)

    assert topic == "takt/cam/events"
    assert json.loads(payload)["event_id"] == str(one.key)
