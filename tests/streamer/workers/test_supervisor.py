"""How many workers there are."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from streamer.errors import OutboxUnavailable
from streamer.outbox.files import owned
from streamer.placement import MOST_STREAMS
from streamer.rereading import Written
from streamer.settings import Settings, load
from streamer.workers.crew import crew_here
from streamer.workers.supervisor import supervise, workers_for, workers_of

PLANT = """
data_dir: {folder}/data
recognizers: {{a: {{}}}}
streams: [{{id: cam, source: {{kind: rtsp, url: "rtsp://cam/"}}, watches: [{{id: b, recognizer: a}}]}}]
"""


def plant(folder: Path, more: str = "") -> Settings:
    file = folder / "plant.yaml"
    file.write_text(PLANT.format(folder=folder) + more)
    return load(file, {})


@pytest.mark.parametrize(("streams", "workers"), [(1, 1), (16, 1), (17, 3), (32, 3), (33, 4), (160, 11)])
def test_auto_is_one_as_long_as_that_can_have_all_and_then_one_more_than_is_needed(streams: int, workers: int) -> None:
    assert workers_for(streams) == workers
    assert workers == 1 or (workers - 1) * MOST_STREAMS >= streams, "one may die"


@pytest.mark.parametrize(("said", "workers"), [("", 1), ("workers: auto", 1), ("workers: 4", 4)])
def test_the_configuration_says_how_many(tmp_path: Path, said: str, workers: int) -> None:
    assert workers_of(plant(tmp_path, said)) == workers


async def test_two_services_over_one_data_folder_cannot_be(tmp_path: Path) -> None:
    settings, shown = plant(tmp_path), list[object]()
    with owned(settings.outbox_folder.parent), pytest.raises(OutboxUnavailable, match="in use by another process"):
        await supervise(settings, asyncio.Event(), lambda *told: shown.append(told), Written(Path(), {}), crew_here(2))
    assert shown == []
