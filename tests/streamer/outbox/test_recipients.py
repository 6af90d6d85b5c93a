"""Each recipient gets every message that it wants, whatever the others do."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from streamer.event import ActionEvent
from streamer.outbox.database import connect
from streamer.outbox.rows import MAIN, Recipient
from streamer.outbox.store import Rules, Store
from streamer.testing.messages import message
from tests.streamer.outbox.stores import BUDGET_BYTES, end, ids, start, store

HOOK, LINES = Recipient("hook"), Recipient("lines")


def test_what_one_has_still_waits_for_the_other() -> None:
    with store(HOOK) as kept:
        kept.accept([message() for _ in range(3)], [], [], 0.0)
        kept.delivered([1, 2, 3])
        kept.delivered([1], "hook")

        assert (ids(kept), ids(kept, "hook")) == ([], [2, 3])
        assert kept.depths() == {MAIN: 0, "hook": 2}
        assert kept.depth == 2
        kept.delivered([2, 3], "hook")
        assert kept.db.execute("SELECT count(*) FROM message").fetchone()[0] == 0


def test_a_recipient_gets_only_what_it_wants() -> None:
    picky = Recipient("picky", lambda one: one.cls == "safety")
    with store(picky) as kept:
        kept.accept([message(), replace(message(), cls="safety")], [], [], 0.0)

        assert ids(kept) == [1, 2]
        assert ids(kept, "picky") == [2]


def test_a_new_recipient_gets_what_comes_from_then_on(tmp_path: Path) -> None:
    file = tmp_path / "outbox.db"
    before = Store(connect(file, BUDGET_BYTES), 1, Rules(BUDGET_BYTES))
    before.accept([message()], [], [], 0.0)
    before.close()
    rules = Rules(BUDGET_BYTES, recipients=(Recipient(MAIN), HOOK))
    after = Store(connect(file, BUDGET_BYTES), 1, rules)
    after.accept([message()], [], [], 0.0)

    assert (ids(after), ids(after, "hook")) == ([1, 2], [2])
    after.close()


def test_what_waits_for_somebody_who_is_not_served_now_waits_until_they_are_again(tmp_path: Path) -> None:
    file = tmp_path / "outbox.db"
    both = Rules(BUDGET_BYTES, recipients=(Recipient(MAIN), HOOK))
    for rules in (both, Rules(BUDGET_BYTES), both):
        kept = Store(connect(file, BUDGET_BYTES), 1, rules)
        kept.accept([message()], [], [], 0.0)
        kept.delivered(ids(kept))
        assert kept.depth == (len(ids(kept, "hook")) if rules is both else 0)
        kept.close()
    kept = Store(connect(file, BUDGET_BYTES), 1, both)

    assert len(ids(kept, "hook")) == 2
    kept.close()


class Consumers:
    """Three recipients, and what each of them was told of every action."""

    names = (MAIN, "hook", "lines")

    def __init__(self, kept: Store) -> None:
        self.kept = kept
        self.open: dict[int, ActionEvent] = {}
        self.ended: set[str] = set()
        self.told: dict[str, dict[object, list[object]]] = {name: defaultdict(list) for name in self.names}

    def act(self, n: int) -> None:
        if n in self.open:
            self.ended.add(str(self.open[n].action_id))
            end(self.kept, self.open.pop(n))
        else:
            self.open[n] = start(self.kept, number=n)

    def deliver(self, name: str, count: int) -> None:
        for queued in self.kept.pending(0, count, name):
            if not queued.replayed:
                self.told[name][queued.message.body["action_id"]].append(queued.message.body["phase"])
            self.kept.delivered([queued.id], name, 1.0)


def test_what_waits_for_somebody_who_is_not_served_is_not_late_and_goes_when_it_is_old(tmp_path: Path) -> None:
    file = tmp_path / "outbox.db"
    before = Store(connect(file, BUDGET_BYTES), 1, Rules(BUDGET_BYTES, recipients=(Recipient(MAIN), HOOK)))
    before.accept([message()], [], [], at=10.0)
    before.delivered([1])
    before.close()
    after = Store(connect(file, BUDGET_BYTES), 1, Rules(BUDGET_BYTES, keep_s=60.0))

    assert after.oldest() is None
    assert after.drop_old(71.0) == {"action": 1}
    assert [gap.recipients for gap in after.gaps()] == [("hook",)]
    after.close()


@settings(max_examples=200, deadline=None)
@given(
    steps=st.lists(st.tuples(st.sampled_from(["act", "deliver", "drop", "replay"]), st.integers(0, 2)), max_size=60),
    window=st.integers(0, 4),
    replay_s=st.sampled_from([0.0, 100.0]),
)
def test_nobody_gets_half_an_action_and_counts_are_what_there_is(
    steps: list[tuple[str, int]], window: int, replay_s: float
) -> None:
    with store(HOOK, LINES, replay_s=replay_s) as kept:
        consumers = Consumers(kept)
        do = {
            "act": consumers.act,
            "deliver": lambda n: consumers.deliver(Consumers.names[n], 1),
            "drop": lambda _: kept.drop_oldest(0.3, window),
            "replay": lambda n: kept.replay(Consumers.names[n], 0.0),
        }
        for what, n in steps:
            do[what](n)
            assert kept.depths() == {name: len(ids(kept, name)) for name in Consumers.names}
        for name in Consumers.names:
            consumers.deliver(name, 1_000_000)
        assert kept.depth == 0
    for id_, phases in [item for told in consumers.told.values() for item in told.items()]:
        assert phases == ["started", "ended"][: 1 + (id_ in consumers.ended)]
