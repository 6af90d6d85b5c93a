"""What a media server plays is told as what a camera delivers is, and what is wrong with what to do."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus

import pytest

from streamer.exchange import Answer
from streamer.sources.peer_probe import probe_whep
from streamer.sources.signalling import Endpoint
from streamer.testing.peers import loopback_only
from tests.streamer.sources.cameras import decode_threads, draw
from tests.streamer.sources.publishers import playing

TOKEN = "C4N4RY-token"


@pytest.fixture(autouse=True)
def _loopback() -> Iterator[None]:
    with loopback_only():
        yield
    assert decode_threads() == []


async def test_what_is_played_is_described() -> None:
    async with playing(TOKEN) as (site, url):
        report = await probe_whep(Endpoint(url, TOKEN), 1.0)
        assert site.ended == ["/whep/session-0"]
    height, width = draw(0.0).shape[:2]
    assert report.ok
    assert (report.transport, report.width, report.height) == ("webrtc", width, height)
    assert report.codec in ("vp8", "h264")
    assert report.delivered_fps == pytest.approx(25, abs=8)
    assert report.time_source in ("rtcp", "arrival")
    assert report.first_picture_s is not None


@pytest.mark.parametrize(("status", "reason", "advice"), [(401, "auth", "--token-file"), (404, "not_found", "/whep")])
async def test_what_is_refused_comes_with_what_to_do(status: int, reason: str, advice: str) -> None:
    async with playing() as (site, url):
        site.says = Answer(HTTPStatus(status), {}, b"no")
        report = await probe_whep(Endpoint(url, TOKEN), 1.0)
    assert (report.ok, report.reason) == (False, reason)
    assert advice in report.advice
    assert TOKEN not in repr(report)


async def test_a_server_that_is_not_there_is_told() -> None:
    report = await probe_whep(Endpoint("http://127.0.0.1:1/cam/whep"), 1.0)
    assert report.reason == "refused"
    assert report.advice
