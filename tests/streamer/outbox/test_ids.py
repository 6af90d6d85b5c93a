"""Ids of messages grow with acceptance, whatever became of those before."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from streamer.outbox.database import connect
from streamer.outbox.store import Rules, Store
from streamer.testing.messages import message
from tests.streamer.outbox.stores import BUDGET_BYTES, ids


@contextmanager
def opened(folder: Path) -> Iterator[Store]:
    store = Store(connect(folder / "outbox.db", BUDGET_BYTES), 1, Rules(BUDGET_BYTES))
    try:
        yield store
    finally:
        store.close()


def test_an_id_is_not_given_again_though_its_message_is_gone(tmp_path: Path) -> None:
    with opened(tmp_path) as kept:
        kept.accept([message(), message()], [], [], 3.0)
        kept.delivered([1, 2])
    with opened(tmp_path) as kept:
        kept.accept([message()], [], [], 4.0)

        assert ids(kept) == [3]


def test_an_id_that_nobody_can_have_given_leaves_room_for_others(tmp_path: Path) -> None:
    with opened(tmp_path) as kept:
        kept.accept([message(), message()], [], [], 3.0)
        kept.db.execute(f"UPDATE message SET id = {2**63 - 1} WHERE id = 2")
        kept.db.execute(f"UPDATE sqlite_sequence SET seq = {2**63 - 1} WHERE name = 'message'")
    with opened(tmp_path) as kept:
        kept.accept([message()], [], [], 4.0)

        assert ids(kept) == [1, 2]
