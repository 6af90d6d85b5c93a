"""Whatever a stream comes by, whoever looks sees it, and sharper than the network does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import numpy as np
import pytest
from av.video.frame import VideoFrame
from av.video.reformatter import Colorspace

from streamer.frame import Frame
from streamer.live import Limits, LiveViews
from streamer.mailbox import Mailbox
from streamer.media.jpeg import jpeg_of, rgb_of
from streamer.media.planes import Planes
from streamer.sources.address import Address
from streamer.sources.intake import Tally, Viewing
from streamer.sources.libav import LibavSource
from streamer.sources.observer import Unobserved
from streamer.sources.taps import Taps
from streamer.testing.feeds import FilmFeed
from streamer.testing.film import moving_square, write_film
from streamer.testing.peers import DrawnTrack, loopback_only
from streamer.testing.rtsp import RtspCamera
from tests.streamer.live.screens import Counts, seen, staged
from tests.streamer.sources.cameras import CLOCK, DEMAND, decode_threads, draw
from tests.streamer.sources.publishers import published_source, publishing


async def looked(views: LiveViews, frames: AsyncIterator[Frame], wanted: int) -> tuple[list[bytes], int]:
    """So many pictures while a stream runs, and how many frames came meanwhile."""
    read, got = 0, list[bytes]()

    async def keep_reading() -> None:
        nonlocal read
        async for _ in frames:
            read += 1

    async with asyncio.TaskGroup() as group:
        following = group.create_task(keep_reading())
        async with aclosing(views.mjpeg("cam", 640, 15)) as pictures:
            async for picture in pictures:
                got.append(picture)
                if len(got) == wanted:
                    break
        following.cancel()
    return got, read


async def test_a_camera_is_seen_at_the_size_that_was_asked_for(tmp_path: Path) -> None:
    film = write_film(tmp_path / "film.mp4", moving_square(3, 25, 1280, 720), 25)
    views = LiveViews(Limits(), CLOCK, Counts())
    async with RtspCamera(FilmFeed(film, CLOCK)) as camera:
        source = LibavSource("cam", Address(camera.url), DEMAND, CLOCK, taps=Taps(view=staged(views)))
        async with aclosing(source.frames(1)) as frames:
            got, read = await looked(views, frames, 8)
    assert {seen(jpeg).shape for jpeg in got} == {(360, 640, 3)}
    assert len(set(got)) == 8  # it moves
    assert read > 0
    views.close()
    assert decode_threads() == []


@pytest.mark.parametrize("codec", ["vp8", "h264"])
async def test_a_peer_is_seen_too(codec: str) -> None:
    views = LiveViews(Limits(), CLOCK, Counts())
    source = published_source(view=staged(views))
    with loopback_only():
        async with publishing(source, DrawnTrack(draw), codec=codec), aclosing(source.frames(1)) as frames:
            got, _ = await looked(views, frames, 3)
    height, width = draw(0.0).shape[:2]
    assert {seen(jpeg).shape for jpeg in got} == {(height, width, 3)}
    views.close()


@pytest.mark.parametrize("matrix", [Colorspace.ITU709, Colorspace.ITU601])
async def test_colours_are_the_cameras_whatever_matrix_it_uses(matrix: Colorspace) -> None:
    red = np.full((720, 1280, 3), (200, 40, 40), np.uint8)
    picture = VideoFrame.from_ndarray(red, format="rgb24").reformat(format="yuv420p", dst_colorspace=matrix)
    shown: list[Planes] = []

    class Tap:
        def due(self, media_s: float) -> list[int]:
            return [640]

        def show(self, width: int, media_s: float, planes: Planes) -> None:
            shown.append(planes)

    Viewing(Tap(), Tally("cam", Unobserved(), Mailbox(1))).show(picture, 0.0)
    (planes,) = shown
    assert repr(planes) == "Planes(640x360)"
    for made in (seen(jpeg_of(planes)), rgb_of(planes)):
        assert np.abs(made.mean(axis=(0, 1)) - (200, 40, 40)).max() < 5
