"""Coded pictures beside the decoded ones: the same times, from the same connection."""

from __future__ import annotations

from contextlib import aclosing
from pathlib import Path

import pytest

from streamer.media.ring import PacketRing
from streamer.sources.address import Address
from streamer.sources.libav import LibavSource
from streamer.sources.taps import Taps
from streamer.testing.feeds import FilmFeed
from streamer.testing.rtsp import RtspCamera
from tests.streamer.sources.cameras import CLOCK, DEMAND, film


async def kept_beside(address: Address, ring: PacketRing, seconds: float, epoch: int = 1) -> float:
    """Read for a while; returns the media time of the last frame."""
    frame_s = 0.0
    async with aclosing(LibavSource("cam", address, DEMAND, CLOCK, taps=Taps(ring)).frames(epoch)) as frames:
        async for frame in frames:
            frame_s = frame.media_s
            if frame_s >= seconds:
                break
    return frame_s


async def test_what_a_camera_sends_is_at_hand_by_media_time(tmp_path: Path) -> None:
    ring = PacketRing(10.0, 1 << 24)
    async with RtspCamera(FilmFeed(film(tmp_path), CLOCK)) as camera:
        newest_s = await kept_beside(Address(camera.url), ring, 1.0, epoch=7)
    span = ring.span()
    assert span is not None  # the first picture is the key frame, whose time is told with the second
    assert (span.epoch, span.first_s) == (7, pytest.approx(0.0, abs=0.05))
    assert newest_s - 1e-6 <= span.newest_s <= newest_s + 1.5
    excerpt = ring.excerpt(7, 0.5, newest_s)
    unit_s = float(excerpt.coding.time_base)
    first, last = excerpt.pictures[0], excerpt.pictures[-1]
    assert first.is_key
    assert (last.pts - first.pts) * unit_s == pytest.approx(newest_s - excerpt.start_s, abs=unit_s)


async def test_a_recording_is_tapped_too_and_a_new_attempt_forgets(tmp_path: Path) -> None:
    ring, address = PacketRing(10.0, 1 << 24), Address(str(film(tmp_path)), pace="fast")
    for epoch in (1, 2):
        await kept_beside(address, ring, 60.0, epoch)
        span = ring.span()
        assert span is not None
        assert (span.epoch, round(span.newest_s, 2)) == (epoch, 2.96)
