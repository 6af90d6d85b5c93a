"""`takt procedure`: what it says to people and to machines."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from streamer.cli import main
from tests.streamer.settings.files import write_card

WORK = "name: w\nsteps:\n  tighten: {}\n  loosen: {after: [tighten], optional: true}\n"


def test_a_valid_procedure_is_told_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "w.yaml"
    file.write_text(WORK)
    card = write_card(tmp_path / "cell.safetensors", ("tighten", "loosen"))
    assert main(["procedure", "check", str(file), "--checkpoint", str(card), "--json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out) == {"procedure": "w", "file": str(file), "valid": True, "steps": 2, "optional": 1}
    assert err == f"{file} is valid: w, steps: 2, of which optional: 1\n"


def test_labels_are_held_against_all_recognizers_together(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "w.yaml"
    file.write_text(WORK)
    cards = [str(write_card(tmp_path / f"{one}.safetensors", (one,))) for one in ("tighten", "loosen")]
    assert main(["procedure", "check", str(file), "--checkpoint", cards[0]]) == 1
    assert "4: steps.loosen: no recognizer knows the action loosen" in capsys.readouterr().err
    assert main(["procedure", "check", str(file), "--checkpoint", cards[0], "--checkpoint", cards[1]]) == 0


def test_a_drawing_goes_to_standard_output(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "w.yaml"
    file.write_text(WORK)
    assert main(["procedure", "draw", str(file)]) == 0
    assert capsys.readouterr().out.startswith("<svg ")
    assert main(["procedure", "draw", str(file), "--format", "mermaid", "--json"]) == 0
    out, _ = capsys.readouterr()
    assert json.loads(out)["mermaid"].endswith("s0 --> s1\n")
