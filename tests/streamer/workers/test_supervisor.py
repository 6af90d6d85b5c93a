"""One service of several workers over a data folder."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from streamer.errors import OutboxUnavailable
from streamer.outbox.files import owned
from streamer.rereading import Written
from streamer.settings import Settings, load
from streamer.workers.crew import crew_here
from streamer.workers.supervisor import supervise

PLANT = """
data_dir: {folder}/data
recognizers: {{a: {{}}}}
streams: [{{id: cam, source: {{kind: rtsp, url: "rtsp://cam/"}}, watches: [{{id: b, recognizer: a}}]}}]
"""


def plant(folder: Path, more: str = "") -> Settings:
    file = folder / "plant.yaml"
    file.write_text(PLANT.format(folder=folder) + more)
    return load(file, {})


async def test_two_services_over_one_data_folder_cannot_be(tmp_path: Path) -> None:
    settings, shown = plant(tmp_path), list[object]()
    with owned(settings.outbox_folder.parent), pytest.raises(OutboxUnavailable, match="in use by another process"):
        await supervise(settings, asyncio.Event(), lambda *told: shown.append(told), Written(Path(), {}), crew_here(2))
    assert shown == []
