"""Nothing accepted is lost, whoever is killed and whenever."""

from __future__ import annotations

import asyncio
import os
import random
import subprocess
import sys
from collections import defaultdict
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from streamer.clock import SystemClock
from streamer.outbox import Outbox
from streamer.testing.sinks import FakeObserver
from tests.e2e.consumer import Consumer
from tests.e2e.mosquitto import Mosquitto
from tests.e2e.takt import until

pytestmark = pytest.mark.e2e
SENDING = Path(__file__).parent / "sending.py"


def sender(folder: Path, port: int, count: int, fail_point: str = "") -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(SENDING), str(folder), str(port), str(count)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "TAKT_FAILPOINT": fail_point},
    )


def killed_after(process: subprocess.Popen[str], lines: int) -> list[str]:
    """Kill the process once it has said so much; returns everything that it said."""
    assert process.stdout is not None
    said = list(islice(process.stdout, lines))
    process.kill()
    rest, _ = process.communicate()
    return [line.strip() for line in said + rest.splitlines(keepends=True) if line.endswith("\n")]


def keys(said: list[str], what: str) -> set[str]:
    return {line.split()[1] for line in said if line.startswith(what)}


async def waiting(folder: Path) -> dict[str, tuple[str, int, int]]:
    async with Outbox.open(folder, clock=SystemClock(), observer=FakeObserver()) as outbox:
        assert len(await outbox.open_actions()) <= 50
        return {
            str(q.message.key): (q.message.stream, q.message.term, q.message.seq)
            for q in await outbox.pending(0, 100_000)
        }


def test_kill_9_while_accepting_loses_nothing(tmp_path: Path) -> None:
    chance = random.Random(7)
    said: list[str] = []
    for _ in range(5):
        said += killed_after(sender(tmp_path, 0, 100_000), chance.randint(1, 300))
    kept = asyncio.run(waiting(tmp_path))

    for line in said:
        _, key, stream, term, seq = line.split()
        assert kept[key] == (stream, int(term), int(seq))
    for term in {term for _, term, _ in kept.values()}:
        seqs = sorted(n for _, t, n in kept.values() if t == term)
        assert seqs == list(range(1, len(seqs) + 1))


@pytest.mark.parametrize("fail_point", ["outbox.before_commit", "outbox.after_commit"])
def test_dying_around_the_first_commit_leaves_a_sound_outbox(tmp_path: Path, fail_point: str) -> None:
    process = sender(tmp_path, 0, 10, fail_point)
    process.communicate()
    assert process.returncode == -9
    said = killed_after(sender(tmp_path, 0, 100_000), 5)

    assert keys(said, "accepted") <= set(asyncio.run(waiting(tmp_path)))


def check_order(payloads: list[dict[str, Any]]) -> None:
    """Per stream in order, save what was sent again."""
    order: dict[str, dict[tuple[int, int], None]] = defaultdict(dict)
    for payload in payloads:
        order[payload["stream"]].setdefault((payload["term"], payload["seq"]))
    for firsts in order.values():
        assert list(firsts) == sorted(firsts)


def kill_services(folder: Path, kills: int) -> None:
    chance = random.Random(11)
    said: list[str] = []
    with Mosquitto(folder / "broker") as broker, Consumer(broker.port) as consumer:
        for _ in range(kills):
            said += killed_after(sender(folder / "outbox", broker.port, 100_000), chance.randint(1, 150))
        said += sender(folder / "outbox", broker.port, 4).communicate(timeout=60)[0].splitlines()

        assert said[-1] == "done"
        accepted = keys(said, "accepted")
        asyncio.run(until(lambda: accepted <= {payload["event_id"] for payload in consumer.payloads()}))
        check_order(consumer.payloads())


def kill_brokers(folder: Path, kills: int) -> None:
    """The broker may forget what it acknowledged in its last moments; what it did not acknowledge is sent again."""
    chance = random.Random(13)
    with Mosquitto(folder / "broker") as broker:
        for _ in range(kills):
            process = sender(folder / "outbox", broker.port, 400)
            assert process.stdout is not None
            said = [line.strip() for line in islice(process.stdout, chance.randint(1, 600))]
            broker.kill()
            broker.start()
            # Not communicate(): with a timeout it reads past what the iteration above has buffered.
            said += process.stdout.read().splitlines()
            process.wait()

            assert said[-1] == "done"
            assert len(keys(said, "accepted")) == 400
            assert keys(said, "accepted") <= keys(said, "delivered")


def test_kills_of_the_service_lose_nothing(tmp_path: Path) -> None:
    kill_services(tmp_path, 20)


def test_kills_of_the_broker_leave_nothing_unacknowledged(tmp_path: Path) -> None:
    kill_brokers(tmp_path, 5)


@pytest.mark.full
@pytest.mark.timeout(1200)
def test_two_hundred_kills_of_the_service_and_twenty_of_the_broker(tmp_path: Path) -> None:
    kill_services(tmp_path / "service", 200)
    kill_brokers(tmp_path / "broker", 20)
