"""What is kept, for how long, and what is noted of what goes."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest

from streamer.outbox import Gap, Outbox
from streamer.outbox.rows import Recipient
from streamer.testing.messages import message
from streamer.testing.sinks import FakeObserver
from streamer.testing.time import FakeClock
from tests.streamer.outbox.stores import end, ids, start, store

HOUR_S = 3600.0


def test_delivered_messages_are_sent_again_in_order_within_the_window() -> None:
    with store(replay_s=60) as kept:
        kept.accept([message(number=n) for n in range(4)], [], [], 0.0)
        for id_, at in ((1, 10.0), (2, 20.0), (3, 30.0)):
            kept.delivered([id_], at=at)

        assert kept.replay("main", since=15.0) == 2
        again = kept.pending(0, 10)
        assert [(one.id, one.replayed) for one in again] == [(2, True), (3, True), (4, False)]
        assert [one.message.seq for one in again] == [2, 3, 4]
        kept.delivered([2, 3, 4], at=40.0)
        assert (ids(kept), kept.depth) == ([], 0)


def test_after_the_window_they_are_gone() -> None:
    with store(replay_s=60) as kept:
        kept.accept([message(), message()], [], [], 0.0)
        kept.delivered([1], at=10.0)
        kept.delivered([2], at=50.0)
        kept.drop_old(now=71.0)

        assert kept.replay("main", since=0.0) == 1
        assert ids(kept) == [2]


def test_without_a_window_nothing_is_kept() -> None:
    with store() as kept:
        kept.accept([message()], [], [], 0.0)
        kept.delivered([1], at=10.0)

        assert kept.replay("main", since=0.0) == 0


def test_a_recipient_is_not_sent_again_what_it_never_wanted() -> None:
    with store(Recipient("none", lambda _: False), replay_s=60) as kept:
        kept.accept([message()], [], [], 0.0)
        kept.delivered([1], at=10.0)

        assert kept.replay("none", since=0.0) == 0


def test_what_was_refused_for_good_is_not_sent_again_with_what_was_delivered() -> None:
    with store(replay_s=60) as kept:
        kept.accept([message(), message()], [], [], 0.0)
        kept.delivered([1], at=10.0)
        kept.dead_letter(2, "not_authorized", 10.0)

        assert kept.replay("main", since=0.0) == 1
        assert ids(kept) == [1]
        assert kept.retry([1]) == 1
        assert ids(kept) == [1, 2]


def test_what_everybody_has_makes_room_before_anything_is_lost() -> None:
    with store(replay_s=60) as kept:
        kept.accept([message(number=n) for n in range(300)], [], [], 0.0)
        kept.delivered(range(1, 101), at=1.0)

        assert kept.drop_oldest(share=0.3) == {}
        assert len(ids(kept)) == 200
        assert kept.drop_oldest(share=0.3) == {}
        assert kept.gaps() == []
        assert kept.drop_oldest(share=0.3) != {}


def test_what_is_older_than_is_kept_goes_and_younger_stays() -> None:
    with store(keep_s=HOUR_S) as kept:
        kept.accept([message(number=n) for n in range(150)], [], [], at=0.0)
        kept.accept([message(number=n) for n in range(150)], [], [], at=HOUR_S)

        assert kept.drop_old(HOUR_S) == {}
        assert kept.drop_old(HOUR_S + 1, window=0) == {"action": 150}
        assert ids(kept) == list(range(151, 301))


def test_an_old_action_that_is_open_or_has_just_ended_stays_whole() -> None:
    with store(keep_s=HOUR_S) as kept:
        start(kept)
        late = start(kept)
        gone = start(kept)
        end(kept, gone, at=1.0)
        end(kept, late, at=HOUR_S)

        assert kept.drop_old(HOUR_S + 2, window=0) == {"action": 2}
        assert ids(kept) == [1, 2, 5]


def test_a_loss_is_noted_by_stream_until_it_is_announced() -> None:
    with store(Recipient("hook")) as kept:
        kept.accept([message("a"), replace(message("a"), cls="zone"), message("a"), message("b")], [], [], 0.0)
        kept.delivered([4])
        kept.drop_oldest(share=0.8, window=0, at=7.0)

        gaps = sorted(kept.gaps(), key=lambda gap: gap.cls)
        both = ("main", "hook")
        assert [replace(gap, id=0) for gap in gaps] == [
            Gap(0, "a", "action", kept.term, 1, 3, 2, "budget", both, 7.0),
            Gap(0, "a", "zone", kept.term, 2, 2, 1, "budget", both, 7.0),
        ]
        kept.told(tuple(gaps))
        assert kept.gaps() == []


def test_what_is_lost_while_a_loss_is_announced_is_a_loss_of_its_own() -> None:
    with store() as kept:
        kept.accept([message() for _ in range(10)], [], [], 0.0)
        kept.drop_oldest(share=0.5, window=0)
        announced = tuple(kept.gaps())
        kept.drop_oldest(share=0.5, window=0)
        kept.told(announced)

        assert kept.gaps() != []


def test_only_those_who_do_not_get_it_are_named() -> None:
    with store(Recipient("hook")) as kept:
        kept.accept([message()], [], [], 0.0)
        kept.delivered([1])
        kept.drop_oldest(share=1.0, window=0)

        (gap,) = kept.gaps()
        assert gap.recipients == ("hook",)


async def test_a_loss_and_its_announcement_survive_a_restart(tmp_path: Path) -> None:
    observer = FakeObserver()

    def opened(keep_s: float, now: float):  # type: ignore[no-untyped-def]
        return Outbox.open(tmp_path, clock=FakeClock(now), observer=observer, keep_s=keep_s)

    async with opened(math.inf, 1_000_000.0) as outbox:
        await outbox.accept([message(number=n) for n in range(150)])
    async with opened(HOUR_S, 1_000_000.0 + 2 * HOUR_S) as outbox:
        await outbox.gaps()
        await outbox.dropped.wait()
    async with opened(HOUR_S, 1_000_000.0 + 2 * HOUR_S) as outbox:
        (gap,) = await outbox.gaps()
        (told,) = await outbox.accept([message()], announced=[gap])

        assert (gap.first, gap.last, gap.count, gap.reason) == (101, 150, 50, "age")
        assert told.term > gap.term
        assert await outbox.gaps() == []
    assert observer.dropped["action"] == 50


FLIPPED = {
    "id": "9",
    "body": "replace(body, 'tighten', 'tightem')",
    "topic": "'other'",
    "seq": "7",
    "properties": "'{ }'",
    "captured_at": "captured_at + 1",
    "expires_s": "60.0",
    "accepted_at": "2.0",
}


@pytest.mark.parametrize("column", FLIPPED)
def test_a_row_whose_bits_were_flipped_is_set_aside_and_noted(column: str) -> None:
    with store() as kept:
        kept.accept([message(), message()], [], [], 3.0)
        kept.db.execute(f"UPDATE message SET {column} = {FLIPPED[column]} WHERE id = 1")

        assert ids(kept) == [2]
        assert kept.depth == 1
        assert [(gap.reason, gap.count) for gap in kept.gaps()] == [("damaged", 1)]
