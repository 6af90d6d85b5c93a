"""Whoever looks sees the newest picture, each is coded once, nobody waits, and nothing is made when nobody looks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress

import pytest

from recognizers.clip import Region
from streamer.errors import NotShown
from streamer.evidence.privacy import Privacy, Redactor
from streamer.live import Limits
from streamer.live.views import BOUNDARY
from streamer.media.jpeg import jpeg_of
from tests.streamer.live.screens import Screen, grey, jpegs, seen


async def next_part(parts: AsyncGenerator[bytes, None], screen: Screen, media_s: float, value: int) -> bytes:
    """What a reader gets of a picture that is decoded while it waits."""
    async with asyncio.TaskGroup() as group:
        reading = group.create_task(anext(parts))  # type: ignore[arg-type]
        await screen.asked()
        assert screen.decode(media_s, value)
        return await reading


async def test_nothing_is_asked_for_while_nobody_looks() -> None:
    screen = Screen()
    parts = screen.views.mjpeg("cam")
    assert screen.decode(0.0) == []  # the answer has not begun
    await anext(parts)
    assert screen.decode(0.1) == [640]
    await parts.aclose()
    assert screen.decode(0.2) == []
    assert (screen.counts.now, screen.counts.most) == (0, 1)


async def test_parts_are_pictures_of_their_stated_length_and_a_browser_sees_where_each_ends() -> None:
    screen = Screen()
    async with aclosing(screen.views.mjpeg("cam", fps=10)) as parts:
        begun = await anext(parts)
        told = [await next_part(parts, screen, n / 10, 40 * (n + 1)) for n in range(3)]
    assert begun == f"--{BOUNDARY}\r\n".encode()
    assert all(part.endswith(f"\r\n--{BOUNDARY}\r\n".encode()) for part in told)
    shown = [seen(jpeg) for jpeg in jpegs(b"".join(told))]
    assert [picture.shape for picture in shown] == [(48, 64, 3)] * 3
    brightness = [float(picture.mean()) for picture in shown]
    assert brightness == sorted(set(brightness))


async def test_a_picture_is_coded_once_for_all_who_look_at_one_width() -> None:
    screen = Screen()
    readers = [screen.views.mjpeg("cam", width) for width in (600, 640, 500)]
    for parts in readers:
        await anext(parts)
    assert screen.decode(0.0) == [640]
    pictures = [jpegs(await anext(parts)) for parts in readers]
    assert pictures[0] == pictures[1] == pictures[2] != []
    assert screen.counts.outcomes == ["coded"]
    for parts in readers:
        await parts.aclose()


async def test_each_width_is_scaled_once_and_none_is_wider_than_allowed() -> None:
    screen = Screen(limits=Limits(width=1000))
    readers = [screen.views.mjpeg("cam", width) for width in (100, 160, 900, 5000)]
    for parts in readers:
        await anext(parts)
    assert sorted(screen.decode(0.0)) == [160, 960, 1000]
    for parts in readers:
        await parts.aclose()


async def test_a_slow_viewer_skips_pictures_and_delays_nobody() -> None:
    screen = Screen()
    async with (
        aclosing(screen.views.mjpeg("cam", fps=15)) as slow,
        aclosing(screen.views.mjpeg("cam", fps=15)) as quick,
    ):
        await anext(slow)
        await anext(quick)
        for n in range(20):
            newest = await next_part(quick, screen, n / 10, 10 * n)
        assert await anext(slow) == newest
    assert screen.counts.outcomes.count("coded") == 20


async def test_each_viewer_has_its_own_rate() -> None:
    screen, got = Screen(), list[bytes]()
    async with aclosing(screen.views.mjpeg("cam", fps=2)) as slow, aclosing(screen.views.mjpeg("cam", fps=10)) as quick:
        await anext(slow)
        await anext(quick)

        async def read() -> None:
            async for part in slow:
                got.append(part)

        async with asyncio.TaskGroup() as group:
            reading = group.create_task(read())
            for n in range(21):
                await next_part(quick, screen, n / 10, 100)
            await screen.asked()
            reading.cancel()
    assert len(got) == 5  # 0, 0.5, 1, 1.5 and 2 s


async def test_a_coder_that_is_late_codes_the_newest() -> None:
    screen = Screen()
    async with aclosing(screen.views.mjpeg("cam", fps=15)) as parts:
        await anext(parts)
        for n in range(50):  # quicker than anything can be coded
            screen.decode(n / 10, n)
        await asyncio.get_running_loop().run_in_executor(None, screen.counts.wait_for, 50)
        newest = jpegs(await anext(parts))
    assert screen.counts.outcomes.count("skipped") > 0
    assert newest == [jpeg_of(grey(49))]


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
    async with aclosing(screen.views.mjpeg("cam", 1280)) as parts:
        await anext(parts)
        part = await next_part(parts, screen, 0.0, 90)
        assert [await screen.views.snapshot("cam")] == jpegs(part)
    assert screen.counts.outcomes == ["coded"]


async def test_a_camera_that_shows_nothing_has_no_snapshot() -> None:
    screen = Screen(patience_s=0.01)
    with pytest.raises(NotShown, match=r"no picture of cam came within 0\.01 s") as error:
        await screen.views.snapshot("cam")
    assert error.value.reason == "offline"
    assert screen.counts.now == 0


async def test_an_unknown_stream_is_told_before_an_answer_begins() -> None:
    screen = Screen()
    with pytest.raises(NotShown, match="there is no stream other") as error:
        screen.views.mjpeg("other")
    assert error.value.reason == "unknown"
    with pytest.raises(NotShown):
        await screen.views.snapshot("other")


@pytest.mark.parametrize("limits", [Limits(viewers=2), Limits(stream_viewers=2)])
async def test_only_so_many_may_look(limits: Limits) -> None:
    screen = Screen(limits=limits)
    first, second = screen.views.mjpeg("cam"), screen.views.mjpeg("cam", 320)
    await anext(first)
    await anext(second)
    with pytest.raises(NotShown, match="as many as may") as error:
        screen.views.mjpeg("cam")
    assert error.value.reason == "busy"
    await first.aclose()
    third = screen.views.mjpeg("cam")
    await anext(third)
    await second.aclose()
    await third.aclose()


async def test_nobody_may_look_where_none_is_allowed() -> None:
    with pytest.raises(NotShown):
        Screen(limits=Limits(viewers=0)).views.mjpeg("cam")


async def test_those_who_look_are_told_when_a_stream_is_no_more() -> None:
    screen = Screen()
    async with aclosing(screen.views.mjpeg("cam")) as parts:
        await anext(parts)
        screen.views.remove("cam")
        assert [part async for part in parts] == []
    with pytest.raises(NotShown):
        screen.views.mjpeg("cam")


async def test_what_must_not_be_seen_is_hidden_before_it_is_coded() -> None:
    left = ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))
    screen = Screen(Redactor(Privacy(masks=(left,))))
    async with aclosing(screen.views.mjpeg("cam")) as parts:
        await anext(parts)
        (jpeg,) = jpegs(await next_part(parts, screen, 0.0, 220))
    assert seen(jpeg)[:, :24].max() <= 8
    assert seen(jpeg)[:, 44:].mean() > 100


class Blind(Redactor):
    """Fails at whatever it is to hide."""

    def moving(self, at_s: float, picture: object) -> object:  # type: ignore[override]
        raise RuntimeError("told so")


async def test_what_cannot_be_hidden_is_not_shown() -> None:
    screen = Screen(Blind(Privacy(blur="surroundings", regions=(Region(),))), patience_s=0.05)
    with suppress(NotShown):
        async with asyncio.TaskGroup() as group:
            asked = group.create_task(refused(screen))
            await screen.asked()
            screen.decode(0.0)
    assert asked.result() == "offline"
    assert screen.counts.outcomes == ["failed"]


async def refused(screen: Screen) -> str:
    with pytest.raises(NotShown) as error:
        await screen.views.snapshot("cam")
    return error.value.reason


async def test_people_are_not_looked_for_more_often_than_in_clips() -> None:
    screen = Screen(Redactor(Privacy(blur="people")))
    async with aclosing(screen.views.mjpeg("cam", fps=15)) as parts:
        await anext(parts)
        shown = [n for n in range(21) if screen.decode(n / 10)]
    assert shown == list(range(0, 21, 2))
