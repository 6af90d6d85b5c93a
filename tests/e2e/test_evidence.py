"""`takt run` keeps clips of events: over a real RTSP server, to a real broker, from the disk and over HTTP."""

from __future__ import annotations

import asyncio
import io
import json
import os
import re
import signal
import stat
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from email.message import Message
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen
from uuid import uuid4

import av
import numpy as np
import pytest

from recognizers.clip import Picture
from streamer.testing.film import write_film
from tests.e2e.browser import browser
from tests.e2e.consumer import Body, Consumer, assert_lawful
from tests.e2e.disks import fill
from tests.e2e.mosquitto import Mosquitto
from tests.e2e.networks import SPEC, brightness
from tests.e2e.processes import GstServer
from tests.e2e.takt import Takt, rtsp, until
from tests.e2e.test_record import films, units
from tests.e2e.witness import Witness

pytestmark = pytest.mark.e2e
AT_ONCE = {"default": {"on": 0.6, "off": 0.4, "smooth_s": 0, "release_s": 0}}
EVIDENCE = {"actions": ["all"], "phases": ["started", "ended"], "before_s": 1.5, "after_s": 1.5}
TOLERANCE_S = 0.7
"""Between what is seen and what a network of clips of 0.56 s says on a busy machine."""


def blinking() -> Iterator[Picture]:
    """Two seconds dark, two seconds bright; no two pictures are alike."""
    for number in range(100):
        picture = np.full((180, 320, 3), 20 if number < 50 else 230, np.uint8)
        picture[80:100, 3 * number : 3 * number + 10] = 128
        yield picture


def film(folder: Path) -> Path:
    return write_film(folder / "blinking.mp4", blinking(), 25, g="25", sc_threshold="0")


def network(folder: Path) -> Path:
    return brightness(folder / "net", replace(SPEC, hop_s=0.16))


def watched(url: str, **evidence: object) -> list[dict[str, Any]]:
    section = rtsp("cam", url, "light")
    section["watches"][0] |= {"events": AT_ONCE, "evidence": evidence}
    return [section]


def unix(text: object) -> float:
    return datetime.fromisoformat(str(text)).timestamp()


def fetch(url: str, **headers: str) -> tuple[int, Message, bytes]:
    try:
        with urlopen(Request(url, headers=headers), timeout=10) as answer:
            return answer.status, answer.headers, answer.read()
    except HTTPError as error:
        return error.code, error.headers, error.read()


async def fetched(event: Body) -> bytes:
    """The clip of an event, asked for again as long as it is on its way."""

    async def there() -> bytes:
        status, headers, body = await asyncio.to_thread(fetch, event["evidence"]["clip"])
        assert status == 200 or (status == 404 and int(headers["Retry-After"]) >= 1), (status, body)
        return body if status == 200 else b""

    return await until(there)


def seen(path: Path) -> tuple[Body, list[tuple[float, float]]]:
    """What a clip says of itself, and of each picture when it was taken (Unix seconds) and how bright it is."""
    with av.open(str(path)) as container:
        about = json.loads(container.metadata["comment"])
        start_at = unix(about["start_at"])
        shown = [
            (start_at + frame.time, float(frame.to_ndarray(format="gray").mean()))
            for frame in container.decode(video=0)
        ]
    return about, shown


def assert_shows(path: Path, event: Body) -> None:
    """The whole time of an action is in its clip, and the pictures say so: it was bright then, and dark before."""
    about, shown = seen(path)
    assert about["complete"] is True, about
    started_at, ended_at = unix(event["started_at"]), unix(event["at"])
    assert shown[0][0] <= started_at - 1.5
    assert shown[-1][0] >= ended_at + 1.4
    inside = [bright for at, bright in shown if started_at + TOLERANCE_S <= at <= ended_at - TOLERANCE_S]
    assert len(inside) >= 5
    assert min(inside) > 150
    assert max(bright for at, bright in shown if started_at - 1.4 < at < started_at - TOLERANCE_S) < 80


async def test_a_clip_shows_the_action_in_the_cameras_own_packets(
    tmp_path: Path, broker: Mosquitto, consumer: Consumer
) -> None:
    original = film(tmp_path)
    with GstServer({"live": original}) as camera:
        streams = watched(camera.address("live"), **EVIDENCE)
        async with Takt(tmp_path, broker.port, {"light": network(tmp_path)}, streams) as takt:
            await until(lambda: len(consumer.events("cam", "ended")) >= 3)
            event = consumer.events("cam", "ended")[1]
            clip = await fetched(event)
            part = await asyncio.to_thread(fetch, event["evidence"]["clip"], Range="bytes=4-7")
            dropped = await takt.metric("takt_evidence_dropped_total")
            assert await takt.stop() == 0
    await until(consumer.was_left)
    assert_lawful(consumer.payloads(), all_ended=True)

    folder = tmp_path / "data" / "evidence"
    path = folder / f"{event['event_id']}.mp4"
    assert path.read_bytes() == clip
    assert part == (206, part[1], b"ftyp")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert clip.index(b"moov") < clip.index(b"mdat"), "a browser plays it while it comes"
    assert_shows(path, event)
    sent, kept = units(original), units(path)
    first = sent.index(kept[0])
    assert kept == [sent[(first + n) % len(sent)] for n in range(len(kept))]
    assert dropped == 0
    every = {one["event_id"] for one in consumer.events("cam") if "evidence" in one}
    assert {one.stem for one in folder.iterdir()} == every, "also the clips of those that ended with the service"


PLAY = """
async url => {
  const film = document.createElement("video");
  film.muted = true;
  film.src = url;
  await new Promise((there, not) => { film.oncanplaythrough = there; film.onerror = () => not(film.error.message); });
  film.currentTime = film.duration / 2;
  await new Promise(there => { film.onseeked = there; });
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [film.videoWidth, film.videoHeight];
  canvas.getContext("2d").drawImage(film, 0, 0);
  return [film.duration, film.videoWidth, film.videoHeight];
}
"""


async def test_a_browser_plays_a_clip_and_seeks_in_it(tmp_path: Path, broker: Mosquitto, consumer: Consumer) -> None:
    """As it came, and with a mask; the page is the service's own address, which needs no leave."""
    with GstServer({"live": film(tmp_path)}) as camera:
        streams = watched(camera.address("live"), **EVIDENCE)
        masked = json.loads(json.dumps(streams[0])) | {"id": "masked", "masks": [[0, 0, 0.5, 1]]}
        networks = {"light": network(tmp_path)}
        takt = Takt(tmp_path, broker.port, networks, [*streams, masked])
        async with takt, browser(tmp_path / "no-camera") as page:
            await until(lambda: all(consumer.events(name, "ended") for name in ("cam", "masked")))
            await page.goto(takt.url("live"))
            for name in ("cam", "masked"):
                event = consumer.events(name, "ended")[0]
                await fetched(event)
                duration_s, *size = await page.evaluate(PLAY, event["evidence"]["clip"])
                shown = unix(event["at"]) - unix(event["started_at"]) + 3.0
                assert shown - 0.2 <= duration_s <= shown + 1.3
                assert size == [320, 180]
            assert await takt.stop() == 0


async def test_after_a_kill_the_folder_is_put_in_order_and_goes_on(
    tmp_path: Path, broker: Mosquitto, consumer: Consumer
) -> None:
    folder = tmp_path / "data" / "evidence"
    with GstServer({"live": film(tmp_path)}) as camera:
        streams = watched(camera.address("live"), **EVIDENCE)
        takt = Takt(tmp_path, broker.port, {"light": network(tmp_path)}, streams, evidence={"hours": 0.5})
        async with takt:
            await until(lambda: len(consumer.events("cam", "ended")) >= 2)
            event = consumer.events("cam", "ended")[0]
            await fetched(event)
            takt.send(signal.SIGKILL)
        old, half = folder / f"{uuid4()}.mp4", folder / f".{uuid4()}.mp4.0a1b2c3d.part"
        for left in (old, half):
            left.write_bytes(b"x" * 1000)
        os.utime(old, (1.7e9, 1.7e9))
        async with takt:
            await until(lambda: consumer.is_online("cam"))
            assert not old.exists()
            assert not half.exists()
            assert (folder / f"{event['event_id']}.mp4").exists()
            count = len(consumer.events("cam", "ended"))
            await until(lambda: len(consumer.events("cam", "ended")) >= count + 2)
            await fetched(consumer.events("cam", "ended")[-2])
            assert await takt.stop() == 0


async def test_a_full_disk_costs_clips_and_no_event(
    tmp_path: Path, small_disk: Path, broker: Mosquitto, consumer: Consumer
) -> None:
    fill(small_disk)
    with GstServer({"live": film(tmp_path)}) as camera:
        streams = watched(camera.address("live"), **EVIDENCE)
        more = {"evidence": {"folder": str(small_disk / "evidence")}}
        async with Takt(tmp_path, broker.port, {"light": network(tmp_path)}, streams, **more) as takt:

            async def dropped() -> float:
                return await takt.metric("takt_evidence_dropped_total", kind="clip", reason="unwritable")

            assert await until(dropped) >= 1
            event = consumer.events("cam")[0]
            status, _, said = await asyncio.to_thread(fetch, event["evidence"]["clip"])
            assert (status, said) == (410, b"gone\n")
            assert await takt.stop() == 0
    await until(consumer.was_left)
    assert_lawful(consumer.payloads(), all_ended=True)
    assert len(consumer.events("cam")) >= 2
    assert films(small_disk) == []
    assert "make room" in takt.log


async def test_nothing_that_a_mask_covers_is_ever_written(
    tmp_path: Path, broker: Mosquitto, consumer: Consumer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither in files that are kept nor in those that are there for a moment: all that appears is looked at."""
    original, folder, temporary = film(tmp_path), tmp_path / "data" / "evidence", tmp_path / "temporary"
    monkeypatch.setenv("TMPDIR", str(temporary))
    hard = {"folder": str(tmp_path / "hard"), "below": 1.0, "per_hour": 3600}
    folders = (folder, temporary, tmp_path / "data", tmp_path / "hard", tmp_path / "hard" / "clips")
    with GstServer({"live": original}) as camera, Witness(tmp_path / "stash", *folders) as witness:
        streams = watched(camera.address("live"), **EVIDENCE)
        streams[0] |= {"masks": [[0, 0, 0.5, 1]]}
        networks = {"light": network(tmp_path)}
        async with Takt(tmp_path, broker.port, networks, streams, hard_examples=hard) as takt:
            await until(lambda: len(consumer.events("cam", "ended")) >= 2)
            await fetched(consumer.events("cam", "ended")[0])
            assert await takt.metric("takt_hard_examples_total", result="kept") >= 1
            assert await takt.stop() == 0
    coded = [unit for unit in units(original) if len(unit) > 64]
    assert len(coded) >= 4
    seen = [path for path in witness.stash.iterdir() if re.search(r"\.(mp4|jpg)", path.name)]
    for path in seen:
        content = path.read_bytes()
        assert not [unit for unit in coded if unit in content], path
        with av.open(io.BytesIO(content)) as container:
            for frame in container.decode(video=0):
                covered = frame.to_ndarray(format="gray")[10:-10, 4 : frame.width // 2 - 4]
                assert covered.max() < 30 if ".jpg" not in path.name else covered[50:].max() < 30, path
    for kind in (r"-.{36}\.mp4", r"-.{36}\.jpg", r"-.{36}\.mp4\.\w+\.part", r"-cam-light-.*\.mp4"):
        assert any(re.search(kind, path.name) for path in seen), kind
