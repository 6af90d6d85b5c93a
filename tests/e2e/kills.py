"""Kills of the service and of the broker, and a count of what became of every event."""

from __future__ import annotations

import asyncio
import os
import random
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from tests.e2e.consumer import Consumer
from tests.e2e.mosquitto import Mosquitto
from tests.e2e.takt import until

SENDING = Path(__file__).parent / "sending.py"
SETTLE_S = 3.0


@dataclass(frozen=True, slots=True)
class Tally:
    """What became of the events of a run."""

    kills: int
    offered: int
    accepted: int
    """`accept` returned: from here on it is promised."""
    unacknowledged: int
    """Accepted, and neither acknowledged by the broker nor seen by the consumer."""
    missed: int
    """Accepted, and never seen by the consumer: what the broker acknowledged and forgot."""
    unknown: int
    """Seen by the consumer, and never offered by anybody."""
    holes: int
    """Numbers missing between 1 and the highest that was accepted, over all (stream, term)."""
    disordered: int
    """First arrivals that came after a younger one of their stream."""
    duplicates: int


def sender(
    folder: Path, port: int, count: int, fail_point: str = "", more: Sequence[str] = ()
) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(SENDING), str(folder), str(port), str(count), *more],
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


def numbers(said: list[str]) -> dict[str, tuple[str, int, int]]:
    """(stream, term, seq) of each event that was accepted."""
    accepted = [line.split() for line in said if line.startswith("accepted")]
    return {key: (stream, int(term), int(seq)) for _, key, stream, term, seq in accepted}


def holes(placed: Iterable[tuple[str, int, int]]) -> int:
    seqs = defaultdict(set)
    for stream, term, seq in placed:
        seqs[stream, term].add(seq)
    return sum(max(seen) - len(seen) for seen in seqs.values())


def disordered(payloads: list[dict[str, Any]]) -> int:
    """Per stream; what was sent again counts only the first time."""
    order: dict[str, dict[tuple[int, int], None]] = defaultdict(dict)
    for payload in payloads:
        order[payload["stream"]].setdefault((payload["term"], payload["seq"]))
    count = 0
    for firsts in order.values():
        newest = (0, 0)
        for one in firsts:
            count += one < newest
            newest = max(newest, one)
    return count


def tally(kills: int, said: list[str], payloads: list[dict[str, Any]]) -> Tally:
    accepted, placed = keys(said, "accepted"), numbers(said)
    seen = Counter(payload["event_id"] for payload in payloads)
    placed |= {one["event_id"]: (one["stream"], one["term"], one["seq"]) for one in payloads}
    return Tally(
        kills=kills,
        offered=len(keys(said, "offered")),
        accepted=len(accepted),
        unacknowledged=len(accepted - keys(said, "delivered") - set(seen)),
        missed=len(accepted - set(seen)),
        unknown=len(set(seen) - keys(said, "offered")),
        holes=holes(placed.values()),
        disordered=disordered(payloads),
        duplicates=seen.total() - len(seen),
    )


def kill_services(folder: Path, kills: int, events: int) -> Tally:
    """Kill the service again and again while it accepts and delivers, until so many events were accepted."""
    chance = random.Random(11)
    said: list[str] = []
    lines = 3 * events // kills
    with Mosquitto(folder / "broker") as broker, Consumer(broker.port) as consumer:
        for _ in range(kills):
            said += killed_after(sender(folder / "outbox", broker.port, 100_000), chance.randint(1, 2 * lines))
        left = max(4, events - len(keys(said, "accepted")) + 3)  # four streams share them
        said += sender(folder / "outbox", broker.port, left).communicate(timeout=120)[0].splitlines()
        assert said[-1] == "done"
        accepted = keys(said, "accepted")
        asyncio.run(until(lambda: accepted <= {payload["event_id"] for payload in consumer.payloads()}))
        return tally(kills, said, consumer.payloads())


def kill_brokers(folder: Path, kills: int, events: int, broker: Mosquitto, *more: str) -> Tally:
    """Kill the broker again and again while a service accepts and delivers so many events.

    The broker may forget what it acknowledged in its last moments; what it did not acknowledge is sent again. `more`:
    how many events a second, and for how many seconds delivered ones are kept to be sent again.
    """
    chance = random.Random(13)
    with broker, Consumer(broker.port) as consumer:
        process = sender(folder / "outbox", broker.port, events, more=more)
        assert process.stdout is not None
        said: list[str] = []
        for _ in range(kills):
            said += islice(process.stdout, chance.randint(1, 3 * events // kills))
            broker.kill()
            broker.start()
        # Not communicate(): with a timeout it reads past what the iteration above has buffered.
        said = [line.strip() for line in [*said, *process.stdout]]
        process.wait()
        assert said[-1] == "done"
        quiet(consumer)
        return tally(kills, said, consumer.payloads())


def quiet(consumer: Consumer) -> None:
    """Return once nothing has come for a while."""

    async def wait() -> None:
        count = -1
        while count != len(consumer.received):
            count = len(consumer.received)
            await asyncio.sleep(SETTLE_S)

    asyncio.run(wait())
