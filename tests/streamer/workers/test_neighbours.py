"""A worker that begins takes away what nobody shows any more, and leaves to others what is theirs by now."""

from __future__ import annotations

import json
from pathlib import Path

from streamer.broker import REMEMBERED
from streamer.home_assistant.announcing import FILE as ANNOUNCED
from streamer.workers.neighbours import leave_to_others


def test_what_was_shown_of_streams_that_there_are_is_theirs_who_have_them(tmp_path: Path) -> None:
    shown = ["takt/cam/status", "takt/cam/bench/state", "takt/gone/status", "takt/service/line-0/status"]
    (tmp_path / REMEMBERED).write_text(json.dumps({"topics": shown}))
    parts = {"state": "sensor"}
    announced = {f"homeassistant/device/takt_{stream}_bench/config": parts for stream in ("cam", "gone")}
    (tmp_path / ANNOUNCED).write_text(json.dumps(announced))
    leave_to_others(tmp_path, ["cam", "other"])
    assert json.loads((tmp_path / REMEMBERED).read_text())["topics"] == shown[2:]
    assert json.loads((tmp_path / ANNOUNCED).read_text()) == {"homeassistant/device/takt_gone_bench/config": parts}


def test_where_nothing_is_known_nothing_is_taken_away(tmp_path: Path) -> None:
    leave_to_others(tmp_path, ["cam"])
    (tmp_path / REMEMBERED).write_text("{")
    (tmp_path / ANNOUNCED).write_text("[1]")
    leave_to_others(tmp_path, ["cam"])
    assert list(tmp_path.iterdir()) == []
