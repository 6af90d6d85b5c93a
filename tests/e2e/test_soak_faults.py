"""Fifteen minutes of faults: a service of several workers loses no event, and holds no more at the end."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import pytest

from benchmarks.trends import slope
from tests.e2e.consumer import Consumer, assert_lawful
from tests.e2e.disks import disk_of
from tests.e2e.faults import Held, Place, remembered
from tests.e2e.mosquitto import Mosquitto
from tests.e2e.networks import brightness
from tests.e2e.processes import GstServer
from tests.e2e.takt import Takt, until
from tests.streamer.plants import blinking_film

SECONDS = float(os.environ.get("SOAK_SECONDS", "900"))
GROWTH_MIB = 1.0
"""A minute."""
WARM = 0.25
"""Of the time; what is loaded late, and where streams come to rest, is found by then."""
ROUNDS = 8
"""So many after that, or growth cannot be told from wavering."""
NAMES = [f"cam-{n}" for n in range(6)]
AT_ONCE = {"default": {"smooth_s": 0, "release_s": 0}}


def streams(cameras: Sequence[GstServer]) -> list[dict[str, object]]:
    watch = {"id": "bench", "recognizer": "light", "events": AT_ONCE}
    return [
        {
            "id": name,
            "source": {"kind": "rtsp", "url": cameras[n % len(cameras)].address("live"), "stall_timeout_s": 6},
            "watches": [watch],
        }
        for n, name in enumerate(NAMES)
    ]


def growth(rounds: Sequence[Held], what: str) -> float:
    """MiB a minute."""
    return slope([(one.at_s / 60, getattr(one, what)) for one in rounds])


def told(rounds: Sequence[Held], place: Place) -> str:
    """What a run of this test was, for whoever reads its output."""
    lines = [
        f"{one.at_s:5.0f} s: {one.all_mib:.0f} MiB (supervisor {one.supervisor_mib:.1f}, spared worker "
        f"{one.spared_mib:.1f}), {one.threads} threads, {one.files} descriptors"
        for one in rounds
    ]
    payloads = place.consumer.payloads()
    events = {one["event_id"] for one in payloads}
    return "\n".join([*lines, f"{len(rounds)} rounds, {len(events)} events, {len(payloads) - len(events)} came again"])


@pytest.mark.e2e
@pytest.mark.full
@pytest.mark.timeout(SECONDS + 400)
async def test_under_faults_that_cycle_no_event_is_lost_and_nothing_grows(
    tmp_path: Path, broker: Mosquitto, consumer: Consumer
) -> None:
    """Each round kills cameras, the broker and a worker and fills the disk, one after the other."""
    film = blinking_film(tmp_path / "film.mp4")
    sections = {"workers": 3, "outbox": {"budget_mib": 8, "replay_s": 60}, "shutdown": {"grace_s": 10}}
    rounds = list[Held]()
    with (
        disk_of(tmp_path / "disk", 64) as disk,
        GstServer({"live": film}) as one,
        GstServer({"live": film}) as other,
    ):
        networks = {"light": brightness(tmp_path / "net")}
        async with Takt(
            tmp_path, broker.port, networks, streams((one, other)), data_dir=str(disk / "data"), **sections
        ) as takt:
            place = Place(
                takt, consumer, broker, (one, other), disk, NAMES, ("1", "2"), asyncio.get_running_loop().time()
            )
            await until(lambda: all(consumer.events(name, "ended") for name in NAMES), 90)
            while place.now_s < SECONDS:
                rounds.append(await place.round(len(rounds)))
            accepted = await remembered(takt)
            lost = await takt.metric("takt_events_lost_total")
            assert await takt.stop(60) == 0
            await until(lambda: accepted <= {payload["event_id"] for payload in consumer.payloads()})
    print(told(rounds, place))
    (tmp_path / "events.json").write_text(json.dumps(consumer.payloads()))  # for who looks for what went wrong
    assert lost == 0
    assert_lawful(consumer.payloads(), all_ended=True)

    warm = [one for one in rounds if one.at_s >= WARM * SECONDS]
    early, late = warm[: len(warm) // 2], warm[len(warm) // 2 :]
    for what in ("threads", "files"):
        assert median(getattr(one, what) for one in late) <= median(getattr(one, what) for one in early), what
    if len(warm) >= ROUNDS:
        growths = {what: growth(warm, what) for what in ("all_mib", "supervisor_mib", "spared_mib")}
        print("MiB a minute:", growths)
        assert max(growths.values()) <= GROWTH_MIB
