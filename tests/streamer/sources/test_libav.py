"""What the door to FFmpeg lets through, from real files and a real RTSP connection."""

from __future__ import annotations

import asyncio
import logging
import math
import threading
import traceback
from pathlib import Path

import numpy as np
import pytest

from recognizers.clip import ClipSpec, Region
from streamer.clock import SystemClock
from streamer.errors import RecordingBroken, SourceRejected
from streamer.sources.address import Address
from streamer.sources.base import Demand, Need
from streamer.sources.libav import LibavSource
from streamer.testing.bomb import BombFeed
from streamer.testing.feeds import FilmFeed, PictureFeed
from streamer.testing.film import moving_square, write_film
from streamer.testing.rtsp import Fault, RtspCamera
from tests.streamer.sources.cameras import (
    CLOCK,
    DEMAND,
    QUICK,
    Counts,
    decode_threads,
    fail,
    film,
    picture_feed,
    source,
    take,
)

CANARY = "C4N4RY"


class SetClock(SystemClock):
    """The machine's clock, which somebody sets."""

    ahead_s = 0.0

    def now(self) -> float:
        return super().now() + self.ahead_s


async def test_a_recording_comes_whole_at_analysis_size(tmp_path: Path) -> None:
    counts = Counts()
    frames = await take(source(Address(str(film(tmp_path)), pace="fast", start_at=1000.0), counts), 1000)
    assert [frame.index for frame in frames] == list(range(75))
    assert frames[30].media_s == pytest.approx(30 / 25, abs=1e-3)
    assert frames[30].captured_at == pytest.approx(1000 + 30 / 25, abs=1e-3)
    assert {frame.picture.shape for frame in frames} == {(90, 160, 3)}
    assert all(frame.picture.flags.c_contiguous for frame in frames)
    assert (counts.frames, counts.drops, counts.endings) == (75, {}, ["end"])
    assert (counts.cpu_s > 0).all()


async def test_a_slow_reader_loses_nothing_of_a_recording(tmp_path: Path) -> None:
    taken = 0
    async for _ in source(Address(str(film(tmp_path)), pace="fast")).frames(1):
        taken += 1
        await asyncio.sleep(0.002)
    assert taken == 75


async def test_every_frame_that_a_slow_reader_misses_is_counted(tmp_path: Path) -> None:
    over = threading.Event()

    class UntilTheEnd(Counts):
        def decoded(self, stream: str, frames: int, decode_cpu_s: float, scale_cpu_s: float) -> None:
            super().decoded(stream, frames, decode_cpu_s, scale_cpu_s)
            if self.frames == 25:
                over.set()

    counts = UntilTheEnd()
    frames = source(Address(str(film(tmp_path, 1.0)), pace="live"), counts).frames(1)
    taken = [await anext(frames)]
    await asyncio.to_thread(over.wait)
    taken += [frame async for frame in frames]
    assert len(taken) < 10
    assert counts.drops == {"late": 25 - len(taken)}


async def test_only_wanted_frames_are_scaled(tmp_path: Path) -> None:
    slow = Demand((Need(ClipSpec(frames=4, interval_s=0.5, hop_s=1.0, short_side_px=90), Region()),))
    counts = Counts()
    frames = await take(LibavSource("cam", Address(str(film(tmp_path)), pace="fast"), slow, CLOCK, counts), 100)
    assert [round(frame.media_s / 0.5) for frame in frames] == [0, 1, 2, 3, 4, 5, 6][: len(frames)]
    assert len(frames) in {6, 7}
    assert counts.frames == 75


async def test_a_recording_can_be_paced_as_a_camera(tmp_path: Path) -> None:
    began_s = CLOCK.monotonic()
    frames = await take(source(Address(str(film(tmp_path)), pace="live")), 20)
    assert CLOCK.monotonic() - began_s >= frames[-1].media_s - 0.05


async def test_a_camera_tells_when_its_pictures_were_taken() -> None:
    counts = Counts()
    async with RtspCamera(picture_feed()) as camera:
        frames = await take(source(Address(camera.url), counts), 25)
        ticks = [(frame.captured_at - camera.feed.began_at) * 25 for frame in frames]
    assert counts.clocks[-1] == "rtcp"
    assert max(abs(tick - round(tick)) for tick in ticks[10:]) < 0.1
    assert counts.endings == ["closed"]


async def test_without_sender_reports_arrival_tells_the_time() -> None:
    counts = Counts()
    async with RtspCamera(picture_feed(), sender_reports=False) as camera:
        frames = await take(source(Address(camera.url), counts), 10)
        assert abs(frames[-1].captured_at - CLOCK.now()) < 0.5
    assert counts.clocks == ["arrival"]


async def test_a_film_over_rtsp_with_a_login(tmp_path: Path) -> None:
    login = tmp_path / "login"
    login.write_text(f"user:{CANARY}:/@#")
    async with RtspCamera(FilmFeed(film(tmp_path), CLOCK), login=("user", f"{CANARY}:/@#")) as camera:
        bare = f"rtsp://{camera.url.rpartition('@')[2]}"
        assert len(await take(source(Address(bare, credentials_file=login)), 5)) == 5
        refused = await fail(source(Address(f"rtsp://user:{CANARY}wrong@{camera.url.rpartition('@')[2]}")))
    assert isinstance(refused, SourceRejected)
    assert refused.reason == "auth"


FAULTS = {
    Fault.SILENT: "timeout",
    Fault.DESCRIBE_HANG: "timeout",
    Fault.NOT_FOUND: "not_found",
    Fault.PLAY_NOTHING: "timeout",
    Fault.VIDEO_STOP: "timeout",
    Fault.RTCP_ONLY: "timeout",
    Fault.FIN: "eof",
    Fault.RST: "eof",
    Fault.TS_BACK: "ts_jump",
    Fault.TS_FORWARD: "ts_jump",
    Fault.TS_STILL: "stall",
}


async def test_every_fault_ends_the_attempt_in_time_and_by_its_name(tmp_path: Path) -> None:
    feed = FilmFeed(film(tmp_path), CLOCK)

    async def suffer(fault: Fault) -> tuple[Fault, str, float]:
        async with RtspCamera(feed) as camera:
            camera.fault, camera.after_frames = fault, 5
            began_s = CLOCK.monotonic()
            error = await fail(source(Address(camera.url, **QUICK)))
            return fault, error.reason, CLOCK.monotonic() - began_s

    outcomes = await asyncio.gather(*(suffer(fault) for fault in FAULTS))
    assert {fault: reason for fault, reason, _ in outcomes} == FAULTS
    assert max(took_s for _, _, took_s in outcomes) < 8
    assert decode_threads() == []


async def test_the_watchdog_goes_by_pictures_not_by_the_socket() -> None:
    """Sender reports keep the socket busy and the library waits for long: only our own watchdog is left."""
    counts = Counts()
    async with RtspCamera(picture_feed()) as camera:
        camera.fault, camera.after_frames = Fault.RTCP_ONLY, 5
        reader = source(Address(camera.url, read_timeout_s=3.0, stall_timeout_s=0.8), counts)
        error = await fail(reader)
        assert error.reason == "stall"
        assert counts.stuck == [1]  # the library still waits: counted ...
        for thread in reader._threads._stuck:
            await asyncio.to_thread(thread.join)
    assert decode_threads() == []  # ... and gone by its own timeout


async def test_a_clock_that_is_set_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    clock = SetClock()
    async with RtspCamera(picture_feed(), sender_reports=False) as camera:
        frames = LibavSource("cam", Address(camera.url), DEMAND, clock).frames(1)
        before = [await anext(frames) for _ in range(10)]
        clock.ahead_s = -86_400.0
        after = [await anext(frames) for _ in range(20)]
        await frames.aclose()
        (follower, *_) = await take(LibavSource("cam", Address(camera.url), DEMAND, clock), 1, epoch=2)
    steps = np.diff([frame.captured_at for frame in before + after])
    assert (steps > 0).all()
    assert steps.max() < 1.0
    assert follower.captured_at < before[0].captured_at - 80_000  # the next connection goes by the new time
    assert caplog.text.count("clock was set by -86400 s") == 1


async def test_closing_does_not_wait_for_a_camera_that_does_not_let_go() -> None:
    async with RtspCamera(picture_feed()) as camera:
        camera.fault = Fault.TEARDOWN_HANG
        frames = source(Address(camera.url)).frames(1)
        await anext(frames)
        began_s = CLOCK.monotonic()
        await frames.aclose()
        assert CLOCK.monotonic() - began_s < 1.0
    assert decode_threads() == []


async def test_a_bomb_is_refused_before_it_is_decoded() -> None:
    async with RtspCamera(BombFeed(CLOCK)) as camera:
        error = await fail(source(Address(camera.url)))
    assert isinstance(error, SourceRejected)
    assert error.reason == "too_large"
    assert "16384x8192" in error.detail


async def test_a_text_file_is_not_a_video(tmp_path: Path) -> None:
    text = tmp_path / "secret.txt"
    text.write_text("root:x:0:0\n" * 100)
    for url in (str(text), f"concat:{text}|{text}", str(tmp_path)):
        error = await fail(source(Address(url, pace="fast")))
        assert isinstance(error, SourceRejected), url
        assert error.reason in {"not_video", "not_found"}


async def test_a_missing_file_is_rejected(tmp_path: Path) -> None:
    assert (await fail(source(Address(str(tmp_path / "none.mp4"))))).reason == "not_found"


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("rtsp://user:{}@127.0.0.1:1/x", "refused"),
        ("rtsp://user:{}@nowhere.invalid/x", "dns"),
        ("rtsp://user:{}@[::::/x", "protocol"),
        ("http://user:{}@127.0.0.1:1/x?token={}", "refused"),
        ("https://user:{}@127.0.0.1:1/x.m3u8?token={}", "refused"),
    ],
)
async def test_no_error_tells_the_password(url: str, reason: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    error = await fail(source(Address(url.format(CANARY, CANARY), **QUICK)))
    told = "".join(traceback.format_exception(error)) + repr(error.args) + caplog.text
    assert CANARY not in told
    assert error.__context__ is None
    assert error.reason == reason


async def test_a_bug_in_the_thread_is_told_without_its_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError(CANARY)

    monkeypatch.setattr("streamer.sources.intake.Scaler.scale", broken)
    error = await fail(source(Address(str(film(tmp_path, 0.5)), pace="fast")))
    assert error.reason == "decode"
    assert "ZeroDivisionError" in caplog.text
    assert CANARY not in caplog.text + str(error)


async def test_a_change_of_size_ends_the_epoch(tmp_path: Path) -> None:
    pictures = {False: next(moving_square(1, 1)), True: next(moving_square(1, 1, 160, 96))}
    async with RtspCamera(PictureFeed(lambda t: pictures[False], 25, CLOCK)) as camera:
        other = PictureFeed(lambda t: pictures[True], 25, CLOCK)
        await other.start()
        first = camera.feed.units

        async def switching():  # type: ignore[no-untyped-def]
            number = 0
            async for unit in first():
                yield unit
                number += 1
                if number == 10:
                    break
            async for unit in other.units():
                yield unit

        camera.feed.units = switching  # type: ignore[method-assign]
        error = await fail(source(Address(camera.url, **QUICK)))
        await other.close()
    assert error.reason == "changed"


async def test_a_recording_whose_time_goes_back_is_broken_for_good(tmp_path: Path) -> None:
    once = write_film(tmp_path / "once.ts", moving_square(4, 25), 25).read_bytes()
    (tmp_path / "twice.ts").write_bytes(once + once)
    error = await fail(source(Address(str(tmp_path / "twice.ts"), pace="fast")))
    assert isinstance(error, RecordingBroken)
    assert error.reason == "ts_jump"


def test_analysis_size_keeps_the_shape() -> None:
    demand = Demand((Need(ClipSpec(8, 0.1, 1.0, 112), Region(0.5, 0.0, 1.0, 1.0)),))
    width, height = demand.analysis_size(1920, 1080)
    assert math.isclose(width / height, 16 / 9, rel_tol=0.02)
