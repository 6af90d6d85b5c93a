"""Peers that can only be reached by way of a TURN server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from streamer.errors import SourceUnavailable
from streamer.sources.webrtc import IceOptions, IceServer
from streamer.testing.peers import DrawnTrack, loopback_only
from tests.e2e.coturn import Coturn
from tests.streamer.sources.cameras import draw
from tests.streamer.sources.publishers import published_source, publishing, some

pytestmark = pytest.mark.e2e


@pytest.fixture(autouse=True)
def _loopback() -> Iterator[None]:
    with loopback_only():
        yield


async def test_a_relayed_session_brings_pictures(tmp_path: Path) -> None:
    with Coturn(tmp_path) as turn:
        relay = IceOptions((IceServer(turn.url, turn.user, turn.password),), "relay")
        source = published_source(ice=relay)
        async with publishing(source, DrawnTrack(draw)):
            assert source._peer is not None
            answer = source._peer._connection.localDescription.sdp
            assert " typ relay" in answer
            assert " typ host" not in answer
            assert len(await some(source, 10)) == 10


async def test_a_turn_server_that_refuses_is_told_and_its_password_is_not(tmp_path: Path) -> None:
    with Coturn(tmp_path) as turn:
        wrong = IceOptions((IceServer(turn.url, turn.user, "C4N4RY-wrong"),), "relay")
        assert "C4N4RY" not in repr(wrong)
        source = published_source(ice=wrong, open_timeout_s=0.5)
        with pytest.raises(SourceUnavailable) as caught:
            async with publishing(source, DrawnTrack(draw)):
                await some(source, 1)
    assert "TURN" in caught.value.detail
    assert "C4N4RY" not in str(caught.value)
