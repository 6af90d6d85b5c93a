"""A person can see what waits and what was refused, and have it sent again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from streamer.desk import Desk, RequestRefused
from streamer.outbox import MAIN, Outbox, Recipient
from streamer.testing.messages import message
from streamer.testing.sinks import FakeObserver
from streamer.testing.time import FakeClock


@asynccontextmanager
async def desk(folder: Path, *more: str, replay_s: float = 600.0) -> AsyncIterator[tuple[Desk, Outbox]]:
    recipients = [Recipient(name) for name in (MAIN, *more)]
    clock = FakeClock()
    async with Outbox.open(
        folder, clock=clock, observer=FakeObserver(), replay_s=replay_s, recipients=recipients
    ) as outbox:

        async def replay(since: float, name: str) -> int:
            return await outbox.outlet(name).replay(since)

        yield Desk(outbox, replay, clock), outbox


async def test_it_tells_what_waits_for_whom(tmp_path: Path) -> None:
    async with desk(tmp_path, "hook") as (asked, outbox):
        await outbox.accept([message(), message()])
        await outbox.outlet().delivered([1])

        assert await asked.answer({"what": "show"}) == {"waiting": {MAIN: 1, "hook": 2}, "dead": 0, "gaps": []}


async def test_what_was_refused_is_told_and_sent_again_under_its_number(tmp_path: Path) -> None:
    async with desk(tmp_path, "hook") as (asked, outbox):
        first, second = await outbox.accept([message("a"), message("b")])
        await outbox.outlet().dead_letter(1, "not_authorized")
        await outbox.outlet("hook").dead_letter(1, "http_400")
        await outbox.outlet("hook").dead_letter(2, "http_422")
        letters = (await asked.answer({"what": "dead"}))["letters"]

        assert [(one["recipient"], one["key"], one["reason"]) for one in letters] == [
            (MAIN, str(first.key), "not_authorized"),
            ("hook", str(first.key), "http_400"),
            ("hook", str(second.key), "http_422"),
        ]
        assert await asked.answer({"what": "retry", "ids": [letters[0]["id"], 999]}) == {"asked": 2, "retried": 1}
        assert first in [queued.message for queued in await outbox.outlet().pending(0, 10)]
        assert await asked.answer({"what": "retry"}) == {"asked": 2, "retried": 2}
        assert {queued.message.key for queued in await outbox.outlet("hook").pending(0, 10)} == {first.key, second.key}
        assert (await asked.answer({"what": "show"}))["dead"] == 0


async def test_a_letter_to_a_sink_that_is_no_more_stays(tmp_path: Path) -> None:
    async with desk(tmp_path, "hook") as (_, outbox):
        await outbox.accept([message()])
        await outbox.outlet("hook").dead_letter(1, "http_400")
        await outbox.outlet().delivered([1])
    async with desk(tmp_path) as (asked, _):
        assert await asked.answer({"what": "retry"}) == {"asked": 1, "retried": 0}
        assert (await asked.answer({"what": "show"}))["dead"] == 1


async def test_what_is_kept_is_sent_again_to_one_sink(tmp_path: Path) -> None:
    async with desk(tmp_path, "hook") as (asked, outbox):
        await outbox.accept([message(), message()])
        for name in (MAIN, "hook"):
            await outbox.outlet(name).delivered([1, 2])

        assert await asked.answer({"what": "replay", "sink": "hook", "seconds": 60}) == {"sink": "hook", "replayed": 2}
        assert (await asked.answer({"what": "show"}))["waiting"] == {MAIN: 0, "hook": 2}


@pytest.mark.parametrize(
    ("request_", "told"),
    [
        ({"what": "burn"}, "show, dead, retry, replay"),
        ({"what": "replay", "sink": "x"}, "no sink x"),
        ({}, "there are"),
    ],
)
async def test_what_makes_no_sense_is_refused(tmp_path: Path, request_: dict[str, object], told: str) -> None:
    async with desk(tmp_path) as (asked, _):
        with pytest.raises(RequestRefused, match=told):
            await asked.answer(request_)
