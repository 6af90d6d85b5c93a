"""How many workers a configuration asks for."""

from __future__ import annotations

from pathlib import Path

import pytest

from streamer.placement import MOST_STREAMS
from streamer.settings import workers_for, workers_of
from tests.streamer.settings.files import VALID, read


@pytest.mark.parametrize(("streams", "workers"), [(1, 1), (16, 1), (17, 3), (32, 3), (33, 4), (160, 11)])
def test_auto_is_one_as_long_as_that_can_have_all_and_then_one_more_than_is_needed(streams: int, workers: int) -> None:
    assert workers_for(streams) == workers
    assert workers == 1 or (workers - 1) * MOST_STREAMS >= streams, "one may die"


@pytest.mark.parametrize(("said", "workers"), [("", 1), ("workers: auto\n", 1), ("workers: 4\n", 4)])
def test_the_configuration_says_how_many(tmp_path: Path, said: str, workers: int) -> None:
    assert workers_of(read(tmp_path, said + VALID)) == workers
