"""Laws of `takt data check`: an exit code for scripts, a table for people, JSON for machines."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from streamer.cli import main
from tests.recognizers.data.datasets import film
from tests.recognizers.pictures import CRNN, write


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two clips of each action to train on and to test; of real people there would be more."""
    for side, first in {"train": 0, "test": 2}.items():
        for label, action in enumerate(("walk", "[run]")):
            for number in (first, first + 1):
                film(tmp_path / side / action / f"{action}_{number}.mp4", seed=10 * label + number)
    return tmp_path


def test_a_good_set_ends_with_0_and_a_table(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "check", f"folder:{folder}", "--least", "1", "--frames", "8"]) == 0
    out, _ = capsys.readouterr()
    assert "figures of it can be believed" in out
    row = next(line for line in out.splitlines() if "walk" in line)
    assert [word for word in row.split() if word.isdecimal()] == ["2", "0", "2"]
    assert "[run]" in out


def test_a_bad_set_ends_with_1_and_says_why_and_what_would_be_right(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "test" / "walk" / "walk_2.mp4").write_bytes((folder / "train" / "walk" / "walk_1.mp4").read_bytes())
    assert main(["data", "check", f"folder:{folder}", "--json", "--least", "1", "--frames", "8"]) == 1
    out, err = capsys.readouterr()
    (said,) = map(json.loads, out.splitlines())
    assert said["valid"] is False
    assert said["clips"]["walk"] == {"training": 2, "calibration": 0, "held_out": 2}
    (finding,) = said["findings"]
    assert (finding["kind"], finding["refused"]) == ("leakage", True)
    assert "walk_1.mp4 and " in finding["what"]
    assert finding["right"] in " ".join(err.split())


def test_the_clip_of_a_checkpoint_is_asked_for(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    checkpoint = write(folder / "crnn.safetensors", "crnn", replace(CRNN, frames=24))
    assert main(["data", "check", f"folder:{folder}", "--json", "--checkpoint", str(checkpoint), "--least", "1"]) == 1
    (finding,) = json.loads(capsys.readouterr().out)["findings"]
    assert "8 of 8 clips are shorter than the 2.875 s of 24 pictures 0.125 s apart" in finding["what"]


def test_a_wrong_name_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "check", "cell:7"]) == 1
    assert "cell:7 is drawn and not listed; there is nothing to check" in capsys.readouterr().err


def test_skeletons_are_counted_by_subject(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "skeletons.npz"
    subjects = np.arange(24) % 6 + 1
    arrays = {"frames": np.ones((48, 3, 2)), "lengths": np.full(24, 2), "labels": np.arange(24) // 6 % 2}
    np.savez(path, **arrays, subjects=subjects, names=np.array(["sit", "stand"]))
    assert main(["data", "check", f"skeletons:{path}", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["clips"]["sit"] == {"training": 6, "calibration": 2, "held_out": 4}
    assert main(["data", "check", f"skeletons:{path}", "--least", "7"]) == 1
    assert "2 labels have fewer than 7 clips that are to train on: sit (6), stand (6)" in capsys.readouterr().out
