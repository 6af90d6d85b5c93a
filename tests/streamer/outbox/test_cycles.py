"""Units of work in the outbox: what is open is remembered, and for room a unit goes whole or not at all."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from streamer.event import CycleEvent, OpenCycle, StepEvent
from streamer.outbox.database import connect
from streamer.outbox.store import Rules, Store
from streamer.testing.messages import cycle_end, cycle_start, step_done
from streamer.wire import message_of

BUDGET_BYTES = 1 << 20


def take(store: Store, event: CycleEvent | StepEvent) -> None:
    opened = [OpenCycle.of(event)] if isinstance(event, CycleEvent) and event.opens else []
    store.accept([message_of(event, "arrival")], opened, [event.subject] if event.closes else [], 0.0)


def test_a_unit_is_open_from_its_start_to_its_end(tmp_path: Path) -> None:
    store = Store(connect(tmp_path / "own.db", BUDGET_BYTES), at_least=1, rules=Rules(BUDGET_BYTES))
    left, ended = cycle_start(), cycle_start()
    store.begin()
    for event in (left, ended, step_done(left), cycle_end(ended)):
        take(store, event)
    store.commit()
    store.close()

    (found,) = Store(connect(tmp_path / "own.db", BUDGET_BYTES), at_least=1, rules=Rules(BUDGET_BYTES)).open_cycles()
    assert found == OpenCycle.of(left)
    end = found.interrupted(found.started_at + 100)
    assert (end.cycle_id, end.phase, end.reason, end.unit_id) == (left.cycle_id, "abandoned", "interrupted", "unit-7")


@settings(max_examples=200, deadline=None)
@given(
    steps=st.lists(st.sampled_from([*"ABC", "deliver", "drop"]), max_size=80),
    window=st.integers(0, 4),
    share=st.floats(0.01, 0.5),
)
def test_for_room_a_unit_goes_whole_or_not_at_all(steps: list[str], window: int, share: float) -> None:
    """Each watch begins a unit, tells two verdicts and ends it."""
    store = Store(connect(Path(":memory:"), BUDGET_BYTES), at_least=1, rules=Rules(BUDGET_BYTES))
    told: dict[object, list[object]] = {}
    given_: dict[object, int] = {}
    open_: dict[str, list[CycleEvent | StepEvent]] = {}

    def deliver(count: int) -> None:
        for queued in store.pending(0, count):
            body = queued.message.body
            told.setdefault(body["cycle_id"], []).append(body.get("phase") or body["revision"])
            store.delivered([queued.id])

    for step in steps:
        if step == "deliver":
            deliver(1)
        elif step == "drop":
            on_the_way = [queued.message.key for queued in store.pending(0, window)]
            store.drop_oldest(share, window)
            assert [queued.message.key for queued in store.pending(0, window)] == on_the_way
        else:
            if not open_.get(step):
                start = cycle_start(step)
                open_[step] = [cycle_end(start), step_done(start, 1), step_done(start, 0), start]
            event = open_[step].pop()
            take(store, event)
            given_[str(event.cycle_id)] = given_.get(str(event.cycle_id), 0) + 1
    deliver(1000)
    store.close()

    whole = ["started", 0, 1, "completed"]
    assert all(some == whole[: given_[id_]] for id_, some in told.items())
