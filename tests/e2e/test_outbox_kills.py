"""Nothing accepted is lost, whoever is killed and whenever."""

from __future__ import annotations

import asyncio
import random
import sys
from pathlib import Path

import pytest

from streamer.clock import SystemClock
from streamer.outbox import Outbox
from streamer.testing.sinks import FakeObserver
from tests.e2e.consumer import Consumer
from tests.e2e.kills import Tally, holes, keys, kill_brokers, kill_services, killed_after, numbers, sender, tally
from tests.e2e.mosquitto import Mosquitto
from tests.e2e.takt import until

pytestmark = pytest.mark.e2e


async def waiting(folder: Path) -> dict[str, tuple[str, int, int]]:
    async with Outbox.open(folder, clock=SystemClock(), observer=FakeObserver()) as outbox:
        assert len(await outbox.open_actions()) <= 50
        return {
            str(q.message.key): (q.message.stream, q.message.term, q.message.seq)
            for q in await outbox.outlet().pending(0, 100_000)
        }


def test_kill_9_while_accepting_loses_nothing(tmp_path: Path) -> None:
    chance = random.Random(7)
    said: list[str] = []
    for _ in range(5):
        said += killed_after(sender(tmp_path, 0, 100_000), chance.randint(1, 600))
    kept = asyncio.run(waiting(tmp_path))

    assert numbers(said).items() <= kept.items()
    assert set(kept) <= keys(said, "offered")
    assert holes(kept.values()) == 0


@pytest.mark.parametrize("fail_point", ["outbox.before_commit", "outbox.after_commit"])
def test_dying_around_the_first_commit_leaves_a_sound_outbox(tmp_path: Path, fail_point: str) -> None:
    process = sender(tmp_path, 0, 10, fail_point)
    process.communicate()
    assert process.returncode == -9
    said = killed_after(sender(tmp_path, 0, 100_000), 10)

    assert keys(said, "accepted") <= set(asyncio.run(waiting(tmp_path)))


def test_what_a_killed_service_left_is_delivered_by_the_one_beside_it(tmp_path: Path) -> None:
    """What is old before what is new, also of a stream that has changed hands."""
    slots = tmp_path / "outbox"
    left = killed_after(sender(slots / "1", 0, 100_000), 900)
    with Mosquitto(tmp_path / "broker") as broker, Consumer(broker.port) as consumer:
        said = sender(slots / "0", broker.port, 400).communicate(timeout=60)[0].splitlines()
        assert said[-1] == "done"
        accepted = keys(left + said, "accepted")
        asyncio.run(until(lambda: accepted <= {payload["event_id"] for payload in consumer.payloads()}))
        told = tally(1, left + said, consumer.payloads())

    assert len(accepted) > 600
    assert (told.missed, told.unknown, told.holes, told.disordered, told.duplicates) == (0, 0, 0, 0, 0)


def assert_lawful(told: Tally, events: int, *, in_order: bool = True) -> None:
    sys.stdout.write(f"{told}\n")
    assert told.accepted >= events
    assert (told.unacknowledged, told.unknown, told.holes) == (0, 0, 0)
    assert told.disordered == 0 or not in_order


def kill_both(folder: Path, services: int, brokers: int, events: int) -> None:
    told = kill_services(folder / "services", services, events)
    assert_lawful(told, events)
    assert told.missed == 0
    assert_lawful(kill_brokers(folder / "brokers", brokers, events, Mosquitto(folder / "broker")), events)


def kill_brokers_with_a_window(folder: Path, brokers: int, events: int) -> None:
    """Not even what the broker acknowledged in its last moments is missed; it comes later than it was to."""
    told = kill_brokers(folder, brokers, events, Mosquitto(folder / "broker"), "0", "600")
    assert_lawful(told, events, in_order=False)
    assert told.missed == 0


def test_twenty_kills_of_the_service_and_five_of_the_broker(tmp_path: Path) -> None:
    kill_both(tmp_path, 20, 5, 1_000)


def test_with_a_replay_window_kills_of_the_broker_lose_nothing_at_the_consumer(tmp_path: Path) -> None:
    kill_brokers_with_a_window(tmp_path, 5, 1_000)


@pytest.mark.full
@pytest.mark.timeout(1800)
def test_two_hundred_kills_of_the_service_and_twenty_of_the_broker(tmp_path: Path) -> None:
    kill_both(tmp_path, 200, 20, 10_000)
    kill_brokers_with_a_window(tmp_path / "window", 20, 10_000)
