"""Whoever looks sees the newest picture, each is coded once, nobody waits, and nothing is made when nobody looks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager

import pytest

from recognizers.clip import Region
from streamer.errors import NotNow
from streamer.evidence.privacy import Privacy, Redactor
from streamer.live import Limits
from streamer.media.jpeg import jpeg_of
from tests.streamer.live.screens import Screen, grey, seen, staged


async def next_of(pictures: AsyncGenerator[bytes, None], screen: Screen, media_s: float, value: int) -> bytes:
    """What a reader gets of a picture that is decoded while it waits."""
    async with asyncio.TaskGroup() as group:
        reading = group.create_task(anext(pictures))  # type: ignore[arg-type]
        await screen.asked()
        assert screen.decode(media_s, value)
        return await reading


@asynccontextmanager
async def looking(screen: Screen, *asked: tuple[int, float]) -> AsyncIterator[list[AsyncGenerator[bytes, None]]]:
    """Readers of widths and rates, each of which has seen a first picture."""
    readers = [screen.views.mjpeg("cam", width, fps) for width, fps in asked]
    async with AsyncExitStack() as stack, asyncio.TaskGroup() as group:
        first = [group.create_task(anext(reader)) for reader in readers]  # type: ignore[arg-type]
        await screen.asked()
        screen.decode(0.0, 0)
        for one, reader in zip(first, readers, strict=True):
            await one
            await stack.enter_async_context(aclosing(reader))
        yield readers


async def test_nothing_is_asked_for_while_nobody_looks() -> None:
    screen = Screen()
    pictures = screen.views.mjpeg("cam")
    assert screen.decode(0.0) == []  # the answer has not begun
    await next_of(pictures, screen, 0.0, 0)
    assert screen.decode(0.1) == [640]
    await pictures.aclose()
    assert screen.decode(0.2) == []
    assert (screen.counts.now, screen.counts.most) == (0, 1)


async def test_what_moves_is_seen_to_move() -> None:
    screen = Screen()
    async with aclosing(screen.views.mjpeg("cam", fps=10)) as pictures:
        shown = [seen(await next_of(pictures, screen, n / 10, 40 * (n + 1))) for n in range(3)]
    assert [picture.shape for picture in shown] == [(48, 64, 3)] * 3
    brightness = [float(picture.mean()) for picture in shown]
    assert brightness == sorted(set(brightness))


async def test_a_picture_is_coded_once_for_all_who_look_at_one_width() -> None:
    screen = Screen()
    async with looking(screen, (600, 10), (640, 10), (500, 10)) as readers:
        assert screen.decode(1.0, 99) == [640]
        pictures = [await anext(reader) for reader in readers]
    assert pictures == [jpeg_of(grey(99))] * 3
    assert screen.counts.outcomes == ["coded"] * 2


async def test_each_width_is_scaled_once_and_none_is_wider_than_allowed() -> None:
    screen = Screen(limits=Limits(width=1000))
    async with looking(screen, (100, 10), (160, 10), (900, 10), (5000, 10)):
        assert sorted(screen.decode(1.0)) == [160, 960, 1000]


async def test_a_slow_viewer_skips_pictures_and_delays_nobody() -> None:
    screen = Screen()
    async with looking(screen, (640, 15), (640, 15)) as (slow, quick):
        for n in range(1, 21):
            newest = await next_of(quick, screen, n / 10, 10 * n)
        assert await anext(slow) == newest
    assert screen.counts.outcomes == ["coded"] * 21


async def test_each_viewer_has_its_own_rate() -> None:
    screen, got = Screen(), list[bytes]()
    async with looking(screen, (640, 2), (640, 10)) as (slow, quick), asyncio.TaskGroup() as group:

        async def read() -> None:
            async for picture in slow:
                got.append(picture)

        reading = group.create_task(read())
        for n in range(1, 21):
            await next_of(quick, screen, n / 10, 100)
        await screen.asked()
        reading.cancel()
    assert len(got) == 4  # 0.5, 1, 1.5 and 2 s


async def test_a_coder_that_is_late_codes_the_newest() -> None:
    screen = Screen()
    async with looking(screen, (640, 15)) as (pictures,):
        for n in range(1, 51):  # quicker than anything can be coded
            screen.decode(n / 10, n)
        await asyncio.get_running_loop().run_in_executor(None, screen.counts.wait_for, 51)
        newest = await anext(pictures)
    assert screen.counts.outcomes.count("skipped") > 0
    assert newest == jpeg_of(grey(50))


async def test_a_snapshot_is_the_next_picture_and_then_nobody_looks() -> None:
    screen = Screen()
    async with asyncio.TaskGroup() as group:
        asked = group.create_task(screen.views.snapshot("cam"))
        await screen.asked()
        assert screen.decode(5.0, 200) == [1280]
    assert seen(asked.result()).shape == (48, 64, 3)
    assert screen.decode(6.0) == []
    assert screen.counts.now == 0


async def test_a_snapshot_of_what_somebody_sees_just_now_costs_nothing() -> None:
    screen = Screen()
    async with aclosing(screen.views.mjpeg("cam", 1280)) as pictures:
        picture = await next_of(pictures, screen, 0.0, 90)
        assert await screen.views.snapshot("cam") == picture
    assert screen.counts.outcomes == ["coded"]


async def test_a_camera_that_shows_nothing_has_no_snapshot() -> None:
    screen = Screen(patience_s=0.01)
    with pytest.raises(NotNow, match=r"no picture of cam came within 0\.01 s"):
        await screen.views.snapshot("cam")
    assert screen.counts.now == 0


async def test_an_unknown_stream_is_told_before_an_answer_begins() -> None:
    screen = Screen()
    with pytest.raises(KeyError):
        screen.views.mjpeg("other")
    with pytest.raises(KeyError):
        await screen.views.snapshot("other")


@pytest.mark.parametrize("limits", [Limits(viewers=2), Limits(stream_viewers=2)])
async def test_only_so_many_may_look(limits: Limits) -> None:
    screen = Screen(limits=limits)
    async with looking(screen, (640, 10), (320, 10)) as (first, _):
        with pytest.raises(NotNow, match="as many as may"):
            screen.views.mjpeg("cam")
        await first.aclose()
        async with aclosing(screen.views.mjpeg("cam")) as third:
            await next_of(third, screen, 1.0, 7)


async def test_nobody_may_look_where_none_is_allowed() -> None:
    with pytest.raises(NotNow):
        Screen(limits=Limits(viewers=0)).views.mjpeg("cam")


async def test_those_who_look_are_told_when_a_stream_is_no_more() -> None:
    screen = Screen()
    async with looking(screen, (640, 10)) as (pictures,):
        screen.views.leave("cam")
        assert [picture async for picture in pictures] == []
    with pytest.raises(KeyError):
        screen.views.mjpeg("cam")


async def test_a_stream_that_begins_anew_is_looked_at_anew_and_twice_is_once() -> None:
    screen = Screen()
    async with looking(screen, (640, 10)) as (pictures,):
        screen.views.join("cam", screen.tap)
        await next_of(pictures, screen, 1.0, 7)
        staged(screen.views)
        assert [picture async for picture in pictures] == []
        assert screen.decode(2.0) == []  # of what was
    assert screen.counts.now == 0


async def test_what_must_not_be_seen_is_hidden_before_it_is_coded() -> None:
    left = ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))
    screen = Screen(Redactor(Privacy(masks=(left,))))
    async with aclosing(screen.views.mjpeg("cam")) as pictures:
        jpeg = await next_of(pictures, screen, 0.0, 220)
    assert seen(jpeg)[:, :24].max() <= 8
    assert seen(jpeg)[:, 44:].mean() > 100


class Blind(Redactor):
    """Fails at whatever it is to hide."""

    def moving(self, at_s: float, picture: object) -> object:  # type: ignore[override]
        raise RuntimeError("told so")


async def test_what_cannot_be_hidden_is_not_shown() -> None:
    screen = Screen(Blind(Privacy(blur="surroundings", regions=(Region(),))), patience_s=0.05)
    with pytest.raises(ExceptionGroup) as errors:
        async with asyncio.TaskGroup() as group:
            group.create_task(screen.views.snapshot("cam"))
            await screen.asked()
            screen.decode(0.0)
    assert errors.group_contains(NotNow, match="no picture")
    assert screen.counts.outcomes == ["failed"]


async def test_people_are_not_looked_for_more_often_than_in_clips() -> None:
    screen = Screen(Redactor(Privacy(blur="people")))
    async with looking(screen, (640, 15)):
        shown = [n for n in range(1, 21) if screen.decode(n / 10)]
    assert shown == list(range(2, 21, 2))
