"""Where a supervisor gives terms, a worker that begins again counts on: what it ends is older than what is new."""

from __future__ import annotations

from pathlib import Path

from streamer.outbox import Outbox, Rules
from streamer.outbox.outbox import BUDGET_BYTES
from streamer.testing.messages import message
from streamer.testing.sinks import FakeObserver
from streamer.testing.time import FakeClock

GIVEN = 1_600_000_000
"""Long before the clock's time: terms are not the worker's to choose."""


def going_on(folder: Path, goes_on: bool = True):  # type: ignore[no-untyped-def]
    return Outbox.under(Rules(BUDGET_BYTES, goes_on=goes_on), folder, FakeClock(), FakeObserver())


async def numbers(outbox: Outbox, stream: str, count: int, first: int = 0) -> list[tuple[int, int]]:
    kept = await outbox.accept([message(stream, first + n) for n in range(count)])
    return [(one.term, one.seq) for one in kept]


async def test_numbers_go_on_where_the_process_before_stopped_though_all_was_delivered(tmp_path: Path) -> None:
    async with going_on(tmp_path) as outbox:
        await outbox.outrank(GIVEN)
        assert await numbers(outbox, "a", 3) == [(GIVEN, 1), (GIVEN, 2), (GIVEN, 3)]
        outlet = outbox.outlet()
        await outlet.delivered([one.id for one in await outlet.pending(0, 10)])
    async with going_on(tmp_path) as outbox:
        assert await numbers(outbox, "a", 1, 3) == [(GIVEN, 4)]
        assert await numbers(outbox, "b", 1) == [(GIVEN, 1)]


async def test_a_given_term_begins_anew_and_an_older_one_changes_nothing(tmp_path: Path) -> None:
    async with going_on(tmp_path) as outbox:
        await outbox.outrank(GIVEN)
        await numbers(outbox, "a", 2)
        await outbox.outrank(GIVEN + 7)
        assert await numbers(outbox, "a", 1, 2) == [(GIVEN + 7, 1)]
        await outbox.outrank(GIVEN + 3)
    async with going_on(tmp_path) as outbox:
        assert await numbers(outbox, "a", 1, 3) == [(GIVEN + 7, 2)]


async def test_an_outbox_whose_numbers_were_not_kept_begins_anew(tmp_path: Path) -> None:
    """It was one of a service without a supervisor."""
    async with going_on(tmp_path, goes_on=False) as outbox:
        ((before, _),) = await numbers(outbox, "a", 1)
    async with going_on(tmp_path) as outbox:
        ((term, seq),) = await numbers(outbox, "a", 1, 1)
    assert (term, seq) == (before + 1, 1)


async def test_outboxes_whose_owners_come_back_are_not_taken_over(tmp_path: Path) -> None:
    for name in ("1", "2"):
        async with going_on(tmp_path / name) as outbox:
            await numbers(outbox, name, 2)
    async with going_on(tmp_path / "0") as outbox:
        assert await outbox.adopt(but={"1"}) == 2
        assert [one.message.stream for one in await outbox.outlet().pending(0, 10)] == ["2", "2"]
