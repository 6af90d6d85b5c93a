"""`takt run --cluster` on a real Ray cluster of this machine: machines are killed, frozen and thawed."""

from __future__ import annotations

import asyncio
import signal
import time
from collections import defaultdict
from collections.abc import Collection, Iterator
from pathlib import Path

import pytest

from tests.e2e.consumer import Consumer, assert_lawful
from tests.e2e.machines import Machine, Machines
from tests.e2e.mosquitto import Mosquitto
from tests.e2e.networks import brightness
from tests.e2e.processes import GstServer
from tests.e2e.takt import Takt, until
from tests.e2e.test_run_changes import asked
from tests.e2e.test_workers import placed
from tests.streamer.plants import blinking_film

pytestmark = [pytest.mark.e2e, pytest.mark.full, pytest.mark.timeout(400)]

CAMERAS = [f"cam-{n}" for n in range(4)]
AT_ONCE = {"default": {"smooth_s": 0, "release_s": 0}}
THAW_AFTER_S = 3.0
OF_RAY_ITSELF = 1024
"""Bytes that Ray puts into the object stores: 8 for a machine on which nothing ran, some for actors that died. A line
carries more in a second."""


@pytest.fixture(scope="module")
def machines() -> Iterator[Machines]:
    with Machines() as running:
        yield running


@pytest.fixture(scope="module")
def pair(machines: Machines, tmp_path_factory: pytest.TempPathFactory) -> list[Machine]:
    """Two machines with a folder of their own; one that was killed is begun again under its name."""
    return [machines.add(name, tmp_path_factory.mktemp(name)) for name in ("left", "right")]


def service(folder: Path, port: int, machines: Machines, silent_s: float, camera: GstServer) -> Takt:
    watch = {"id": "bench", "recognizer": "light", "events": AT_ONCE}
    source = {"kind": "rtsp", "url": camera.address("live")}
    streams = [{"id": name, "source": source, "watches": [watch]} for name in CAMERAS]
    networks = {"light": brightness(folder / "net")}
    takt = Takt(folder, port, networks, streams, cluster={"silent_s": silent_s, "per_node": 1})
    takt.options, takt.environment = ("--cluster", machines.address), machines.environment
    return takt


def newest_terms(consumer: Consumer, streams: Collection[str]) -> dict[str, int]:
    return {name: consumer.events(name, "started")[-1]["term"] for name in streams}


async def taken_over(consumer: Consumer, terms: dict[str, int], since_s: float) -> float:
    """Seconds until each of these streams has an action of a newer term."""
    await until(lambda: all(newest_terms(consumer, [name])[name] > term for name, term in terms.items()), 90)
    return time.monotonic() - since_s


async def held_by(takt: Takt, machine: Machine) -> list[str]:
    """Once the machine has its part."""
    slot = f"{machine.name}-0"
    return await until(lambda: _held(takt, slot), 60)


async def _held(takt: Takt, slot: str) -> list[str]:
    return [stream for stream, worker in (await placed(takt)).items() if worker == slot]


async def accepted(takt: Takt) -> set[str]:
    """Ids of the newest of the events that workers told of when they had stored them."""
    _, page = await asked(takt, "/events?type=action&limit=1000")
    return {one["body"]["event_id"] for one in page["events"]}


@pytest.mark.parametrize(("silent_s", "killed_s", "frozen_s"), [(10.0, 20.0, 70.0), (3.0, 6.0, 12.0)])
async def test_machines_die_and_freeze_and_no_accepted_event_is_lost(
    tmp_path: Path, machines: Machines, pair: list[Machine], silent_s: float, killed_s: float, frozen_s: float
) -> None:
    with (
        Mosquitto(tmp_path / "broker", "log_type all") as broker,
        Consumer(broker.port) as consumer,
        GstServer({"live": blinking_film(tmp_path / "film.mp4")}) as camera,
    ):
        takt = service(tmp_path, broker.port, machines, silent_s, camera)
        async with takt:
            await until(lambda: all(consumer.events(name, "ended") for name in CAMERAS), 120)
            left, right = pair
            lost = await held_by(takt, left)
            assert lost
            terms, died_s = newest_terms(consumer, lost), time.monotonic()
            left.kill()
            took_s = await taken_over(consumer, terms, died_s)
            print(f"silent_s {silent_s:g}: a killed machine's streams ran elsewhere after {took_s:.1f} s")
            assert took_s < killed_s

            pair[0] = machines.add("left", left.data_dir)
            await until(lambda: takt.log.count("worker left-0 takes streams") == 2, 60)
            lost = await held_by(takt, right)
            terms, froze_s = newest_terms(consumer, lost), time.monotonic()
            right.freeze()
            took_s = await taken_over(consumer, terms, froze_s)
            print(f"silent_s {silent_s:g}: a frozen machine's streams ran elsewhere after {took_s:.1f} s")
            assert took_s < frozen_s
            await asyncio.sleep(THAW_AFTER_S)
            heard = len(broker.log)
            right.thaw()
            await until(lambda: "worker right-0 takes streams" in takt.log.partition("right-0 hangs")[2], 90)
            thawed, anew, _ = broker.log[heard:].partition("as service-right-0")
            assert anew
            assert "Received PUBLISH from service-right-0" in broker.log[:heard]
            assert "Received PUBLISH from service-right-0" not in thawed, "what thawed says nothing"
            known = await accepted(takt)
            assert await takt.stop() == 0
        stored = await machines.stored()
        print(f"{stored} bytes were in an object store")
        assert stored <= OF_RAY_ITSELF, "control messages go along with calls"
    assert_lawful(consumer.payloads(), all_ended=True)
    assert known <= {one["event_id"] for one in consumer.payloads()}
    owners: dict[tuple[str, int], set[int]] = defaultdict(set)
    for one in consumer.payloads():
        owners[one["stream"], one["term"]].add(one["epoch"])
    assert {len(epochs) for epochs in owners.values()} == {1}, "no two machines spoke for a stream under one term"


async def test_workers_that_do_not_hear_their_supervisor_fall_silent_by_themselves(
    tmp_path: Path, machines: Machines, pair: list[Machine]
) -> None:
    with (
        Mosquitto(tmp_path / "broker", "log_type all") as broker,
        Consumer(broker.port) as consumer,
        GstServer({"live": blinking_film(tmp_path / "film.mp4")}) as camera,
    ):
        async with service(tmp_path, broker.port, machines, 3.0, camera) as takt:
            await until(lambda: all(consumer.events(name, "ended") for name in CAMERAS), 120)
            said = machines.logs().count("others may have these streams")
            takt.send(signal.SIGSTOP)
            await until(lambda: machines.logs().count("others may have these streams") == said + len(pair), 15)
            silent = len(broker.log)
            await asyncio.sleep(1.5)  # an action begins and ends every second
            assert "Received PUBLISH from service-" not in broker.log[silent:]
            before = {name: len(consumer.events(name, "ended")) for name in CAMERAS}
            takt.send(signal.SIGCONT)
            await until(lambda: all(len(consumer.events(name, "ended")) > before[name] for name in CAMERAS), 60)
            assert await takt.stop() == 0
    assert_lawful(consumer.payloads(), all_ended=True)
