"""Files of an older version are gone on with: what they know is kept, and what they do not know is nothing."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

import pytest

from streamer.event import Actor
from streamer.outbox.database import connect, salvage
from streamer.outbox.store import Rules, Store
from streamer.testing.messages import message, open_action

BUDGET_BYTES = 1 << 20
RULES = Rules(BUDGET_BYTES)


@pytest.fixture
def older(tmp_path: Path) -> Path:
    """A file that knows nothing of who does something and of checksums, with one open action and two messages."""
    path = tmp_path / "older.db"
    keep(path, None)
    with contextlib.closing(sqlite3.connect(path)) as file:
        file.execute("ALTER TABLE open_action DROP COLUMN actor")
        file.execute("ALTER TABLE message DROP COLUMN checksum")
    return path


def keep(path: Path, actor: Actor | None) -> None:
    store = Store(connect(path, BUDGET_BYTES), 1, RULES)
    store.begin()
    store.accept([message(), message()], [open_action(actor=actor)], [], 1.0)
    store.commit()
    store.close()


def test_who_an_open_action_is_of_is_kept_with_it(tmp_path: Path) -> None:
    who = Actor(3, (0.1, 0.2, 0.3, 0.4))
    keep(tmp_path / "own.db", who)

    (found,) = Store(connect(tmp_path / "own.db", BUDGET_BYTES), 1, RULES).open_actions()

    assert found.actor == who


def test_an_older_file_is_gone_on_with(older: Path) -> None:
    keep(older, Actor(1, (0.0, 0.0, 1.0, 1.0)))

    store = Store(connect(older, BUDGET_BYTES), 1, RULES)

    assert sorted(one.actor is None for one in store.open_actions()) == [False, True]
    assert store.depth == len(store.pending(0, 10)) == 4


def test_what_an_older_file_holds_can_be_saved_from_it(older: Path, tmp_path: Path) -> None:
    fresh = connect(tmp_path / "fresh.db", BUDGET_BYTES)

    assert salvage(older, fresh) == 3
    assert [one.actor for one in Store(fresh, 1, RULES).open_actions()] == [None]
