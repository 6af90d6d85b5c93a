"""A camera that sends its viewers elsewhere does not send their password along."""

from __future__ import annotations

from pathlib import Path

import pytest

from streamer.errors import SourceRejected
from streamer.sources.address import Address
from streamer.testing.feeds import FilmFeed
from streamer.testing.rtsp import Fault, RtspCamera
from tests.streamer.sources.cameras import CLOCK, QUICK, decode_threads, fail, film, source, take
from tests.streamer.sources.pages import certified, server_side

CANARY = "C4N4RY"


@pytest.mark.parametrize("encrypted", [False, True])
async def test_a_redirect_to_another_camera_is_refused_before_anything_is_sent_there(
    encrypted: bool, tmp_path: Path
) -> None:
    feed, certificate = FilmFeed(film(tmp_path, 1.0), CLOCK), certified(tmp_path)
    tls = server_side(certificate) if encrypted else None
    async with RtspCamera(feed) as other, RtspCamera(feed, tls=tls) as camera:
        camera.fault, camera.redirect_to = Fault.REDIRECT, other.url
        url = camera.url.replace("://", f"://user:{CANARY}@")
        error = await fail(source(Address(url, ca_file=certificate, **QUICK)))
        assert other.connections == 0
    assert isinstance(error, SourceRejected)
    assert error.reason == "denied"
    assert other.url in error.detail
    assert CANARY not in error.detail
    assert decode_threads() == []


async def test_a_redirect_to_itself_goes_round_a_few_times_only(tmp_path: Path) -> None:
    async with RtspCamera(FilmFeed(film(tmp_path, 1.0), CLOCK)) as camera:
        camera.fault, camera.redirect_to = Fault.REDIRECT, camera.url
        error = await fail(source(Address(camera.url, **QUICK)))
        assert camera.connections <= 5
    assert error.reason == "denied"


async def test_asking_costs_one_connection_that_is_closed_before_the_next(tmp_path: Path) -> None:
    async with RtspCamera(FilmFeed(film(tmp_path, 1.0), CLOCK), login=("user", CANARY)) as camera:
        frames = source(Address(camera.url)).frames(1)
        await anext(frames)
        assert (camera.connections, camera.playing) == (2, 1)
        await frames.aclose()
        assert len(await take(source(Address(camera.url)), 3)) == 3
