"""`takt outbox` where no service runs."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from streamer.cli import main
from streamer.clock import SystemClock
from streamer.outbox import Outbox
from streamer.outbox.files import owned
from streamer.testing.messages import message
from streamer.testing.sinks import FakeObserver
from tests.streamer.settings.files import write_card


@pytest.fixture
def config(tmp_path: Path) -> Path:
    write_card(tmp_path / "cell.safetensors")
    file = tmp_path / "cell.yaml"
    file.write_text(f"""\
data_dir: {tmp_path}/data
outbox: {{replay_s: 3600}}
recognizers: {{cell: {{checkpoint: {tmp_path}/cell.safetensors}}}}
streams:
  - id: cell-4
    source: {{kind: rtsp, url: "rtsp://cam4/main"}}
    watches: [{{id: bench, recognizer: cell}}]
""")
    return file


@pytest.fixture
def left(tmp_path: Path) -> Path:
    """An outbox with one event that waits, one that was delivered and one that was refused."""
    folder = tmp_path / "data" / "outbox" / "0"

    async def fill() -> None:
        async with Outbox.open(folder, clock=SystemClock(), observer=FakeObserver(), replay_s=3600) as outbox:
            await outbox.accept([message("a"), message("b"), message("c")])
            await outbox.outlet().delivered([1])
            await outbox.outlet().dead_letter(2, "not_authorized")

    asyncio.run(fill())
    return folder


def said(capsys: pytest.CaptureFixture[str], *words: object) -> dict[str, Any]:
    main(["outbox", *map(str, words), "--json"])
    (line,) = capsys.readouterr().out.splitlines()
    return dict(json.loads(line))


@pytest.mark.usefixtures("left")
def test_it_shows_retries_and_sends_again(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "show", config) == {"running": False, "waiting": {"main": 1}, "dead": 1, "gaps": []}
    (letter,) = said(capsys, "dead", config)["letters"]
    assert (letter["stream"], letter["reason"], letter["recipient"]) == ("b", "not_authorized", "main")
    assert said(capsys, "retry", config, letter["id"])["retried"] == 1
    assert said(capsys, "replay", config, "--seconds", 60)["replayed"] == 1
    assert said(capsys, "show", config)["waiting"] == {"main": 3}
    assert said(capsys, "dead", config)["letters"] == []


@pytest.mark.usefixtures("left")
def test_people_get_sentences_and_a_table(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["outbox", "show", str(config)]) == 0
    assert main(["outbox", "dead", str(config)]) == 0
    assert main(["outbox", "retry", str(config), "99"]) == 0
    text = capsys.readouterr().out
    assert "1 event waits for main" in text
    assert "see takt outbox dead" in text
    assert "not_authorized" in text
    assert "0 wait again; 1 unknown" in text


def test_outboxes_of_several_workers_are_spoken_of_together(
    config: Path, left: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(left, left.with_name("1"))
    assert said(capsys, "show", config) == {"running": False, "waiting": {"main": 2}, "dead": 2, "gaps": []}
    assert main(["outbox", "retry", str(config), "2"]) == 1
    assert "numbers are those of one worker" in capsys.readouterr().err
    assert said(capsys, "retry", config)["retried"] == 2
    assert said(capsys, "show", config)["waiting"] == {"main": 4}


def test_without_an_outbox_it_says_so(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["outbox", "show", str(config)]) == 1
    assert "begins with `takt run`" in capsys.readouterr().err


def test_an_outbox_that_somebody_owns_and_does_not_answer_for_is_left_alone(
    config: Path, left: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with owned(left):
        assert main(["outbox", "show", str(config)]) == 1
    assert "in use by another process" in capsys.readouterr().err
