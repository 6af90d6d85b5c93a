"""Sources against GStreamer's RTSP server: transports, login, death and revival."""

from __future__ import annotations

from contextlib import aclosing
from itertools import count
from pathlib import Path

import pytest

from streamer.errors import SourceRejected
from streamer.sources.address import Address
from streamer.sources.probe import probe
from streamer.sources.reconnect import Change, RetryPolicy, reconnecting
from tests.e2e.processes import GstCamera
from tests.streamer.sources.cameras import CLOCK, QUICK, decode_threads, fail, film, source, take

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("transport", ["tcp", "udp"])
async def test_frames_flow_at_the_cameras_rate(transport: str, tmp_path: Path) -> None:
    with GstCamera(film(tmp_path)) as camera:
        frames = await take(source(Address(camera.url, transport=transport)), 50)  # type: ignore[arg-type]
    rate = (len(frames) - 1) / (frames[-1].media_s - frames[0].media_s)
    assert rate == pytest.approx(25, rel=0.05)
    assert frames[-1].index - frames[0].index < 55
    assert abs(frames[-1].captured_at - CLOCK.now()) < 5.0  # seconds, not the years of a wrong epoch


async def test_a_login_is_needed_and_enough(tmp_path: Path) -> None:
    login = tmp_path / "login"
    login.write_text("viewer:p@ss/word")
    with GstCamera(film(tmp_path), "viewer", "p@ss/word") as camera:
        refused = await fail(source(Address(camera.url, **QUICK)))
        assert len(await take(source(Address(camera.url, credentials_file=login)), 5)) == 5
    assert isinstance(refused, SourceRejected)
    assert refused.reason == "auth"


async def test_a_killed_camera_comes_back_as_a_new_epoch(tmp_path: Path) -> None:
    changes: list[Change] = []
    epochs = count(1)

    async def next_epoch() -> int:
        return next(epochs)

    policy = RetryPolicy(first_s=0.05, cap_s=0.2)
    with GstCamera(film(tmp_path)) as camera:
        stream = reconnecting(source(Address(camera.url)), next_epoch, policy, CLOCK, changes.append)
        async with aclosing(stream) as frames:
            async for frame in frames:
                if frame.epoch == 1 and frame.index == 10:
                    camera.kill()
                    camera.start()
                elif frame.epoch > 1 and frame.index == 10:
                    break
    assert changes[2].state == "backoff"
    assert changes[2].reason in {"eof", "protocol"}
    assert changes[-1].state == "live"
    assert decode_threads() == []


async def test_a_probe_of_a_real_server(tmp_path: Path) -> None:
    with GstCamera(film(tmp_path)) as camera:
        report = await probe(camera.url, seconds=3.0)
    assert (report.codec, report.width, report.height) == ("h264", 320, 180)
    assert report.delivered_fps == pytest.approx(25, rel=0.1)
