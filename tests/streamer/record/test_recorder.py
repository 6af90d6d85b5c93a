"""What a recorder does where nothing can be kept."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from recognizers.clip import WHOLE_PICTURE
from streamer.errors import NotKept
from streamer.frame import Frame
from streamer.labels.keeping import Order
from streamer.media.ring import PacketRing
from streamer.record.marks import MOST
from streamer.record.recorder import Recorder
from tests.streamer.media.excerpts import CODING, picture


class Heard:
    """Remembers problems."""

    def __init__(self) -> None:
        self.problems: list[str] = []

    def kept(self, path: Path, number: int) -> None:
        raise AssertionError(f"{path} cannot have been kept")

    def problem(self, text: str) -> None:
        self.problems.append(text)


def frame(epoch: int, media_s: float) -> Frame:
    return Frame("cam", epoch, 0, 1e9 + media_s, media_s, np.zeros((2, 2, 3), np.uint8))


async def frames(*given: Frame) -> AsyncIterator[Frame]:
    for one in given:
        yield one


def recorder(folder: Path, ring: PacketRing, heard: Heard) -> Recorder:
    order = Order(folder, "cam", "bench", "tighten", "anna", WHOLE_PICTURE, whole=False)
    return Recorder(order, ring, 1.0, 1.0, heard)


def filled(units: int, max_bytes: int = 1 << 20, every: int = 10) -> PacketRing:
    """Tenths of a second, a key frame every `every` of them."""
    ring = PacketRing(60.0, max_bytes)
    ring.opened(1, CODING)
    ring.began(0.0)
    for at in range(units):
        ring.keep(picture(at, key=at % every == 0))
    return ring


async def test_too_few_key_frames_end_the_session_with_what_to_do(tmp_path: Path) -> None:
    ring = filled(20, max_bytes=1_000, every=100)
    with pytest.raises(NotKept, match="set the camera to a key frame every two seconds"):
        await recorder(tmp_path, ring, Heard()).record(frames(frame(1, 2.0)), 1, follow=True)


async def test_a_connection_that_ends_takes_its_clip_with_it_and_says_so(tmp_path: Path) -> None:
    heard, ring = Heard(), filled(20)
    session = recorder(tmp_path, ring, heard)
    await session.record(frames(frame(1, 1.5)), None, follow=False)
    assert session.mark() == ""
    ring.opened(2, CODING)
    await session.record(frames(frame(2, 0.0)), None, follow=False)
    assert heard.problems == ["a clip is lost: the connection has ended since; its pictures are gone"]
    assert session.kept == 0


async def test_a_moment_that_cannot_be_kept_is_refused_with_why(tmp_path: Path) -> None:
    empty = recorder(tmp_path, PacketRing(60.0, 1 << 20), Heard())
    assert empty.mark().startswith("no key frame came yet")
    session = recorder(tmp_path, filled(20), Heard())
    await session.record(frames(frame(1, 0.4)), None, follow=False)
    assert session.mark() == "the pictures of 1 s ago are not at hand yet; wait 0.6 s"
    await session.record(frames(frame(1, 1.9)), None, follow=False)
    assert [session.mark() for _ in range(MOST)] == [""] * MOST
    assert "wait for their end already" in session.mark()
