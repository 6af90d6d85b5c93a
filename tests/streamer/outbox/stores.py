"""A store in memory, and messages for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from streamer.event import ActionEvent, OpenAction, Phase, Reason
from streamer.outbox.database import connect
from streamer.outbox.rows import MAIN, Recipient
from streamer.outbox.store import Rules, Store
from streamer.testing.messages import action_event
from streamer.wire import action_message

BUDGET_BYTES = 1 << 28


@contextmanager
def store(*others: Recipient, replay_s: float = 0.0, keep_s: float = float("inf")) -> Iterator[Store]:
    rules = Rules(BUDGET_BYTES, keep_s, replay_s, (Recipient(MAIN), *others))
    made = Store(connect(Path(":memory:"), BUDGET_BYTES), 1, rules)
    try:
        yield made
    finally:
        made.close()


def ids(kept: Store, name: str = MAIN, limit: int = 1_000_000) -> list[int]:
    return [queued.id for queued in kept.pending(0, limit, name)]


def start(kept: Store, stream: str = "cam", number: int = 0, at: float = 0.0) -> ActionEvent:
    event = action_event(stream, number=number)
    kept.accept([action_message(event, "arrival")], [OpenAction.of(event)], [], at)
    return event


def end(kept: Store, event: ActionEvent, at: float = 0.0) -> None:
    ended = replace(event, phase=Phase.ENDED, reason=Reason.COMPLETED)
    kept.accept([action_message(ended, "arrival")], [], [event.action_id], at)
