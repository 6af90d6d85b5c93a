"""Laws of `takt select`: every candidate is judged alike or says why not, and who is recommended fits the budget."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from recognizers.checkpoint import load
from recognizers.selection import candidates
from recognizers.selection.candidates import Candidate
from streamer.cli import main

DATA = """
out: unused.safetensors
data: {work_cell: {seed: 7, sessions: 1, session_s: 40.0, held_out: 1, elsewhere: 1}}
recipe: {steps: 500, threads: 1}
"""
TINY = {"interval_s": 0.2, "crop_px": 32}
FEW = {"steps": 2, "batch": 2}


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    small = {"width": 8, "depths": [1, 1]}
    monkeypatch.setattr(
        candidates,
        "CANDIDATES",
        {
            "single_frame": Candidate("one", {"kind": "single_frame", "numbers": {"frames": 2, **small}, **TINY}, FEW),
            "crnn": Candidate("serial", {"kind": "crnn", "numbers": {"frames": 4, "cold": 1, **small}, **TINY}, FEW),
            "san": Candidate("attention", {"kind": "san", **TINY}, FEW),
        },
    )
    config = tmp_path / "data.yaml"
    config.write_text(DATA)
    return config


def test_all_are_judged_on_the_same_clips_and_one_is_recommended(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["select", str(config), "--ms", "10000", "--out", str(tmp_path / "out"), "--json"])

    (said,) = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert code == 0
    assert [one["name"] for one in said["candidates"]] == ["single_frame", "crnn"]
    for one in said["candidates"]:
        card, _ = load(Path(one["checkpoint"]))
        assert (one["right"], one["clips"]) == (card.trained["held_out"]["top1"], card.trained["held_out"]["clips"])
        assert card.trained["recipe"]["steps"] == 2
        assert card.spec.hop_s == 0.5
        assert one["streams_per_core"] == pytest.approx(1000 / (2 * one["ms_per_decision"]))
    assert said["recommended"] in ("single_frame", "crnn")
    assert "looks at people's joints" in said["left_out"]["san"]
    assert (tmp_path / "out" / "pareto.svg").read_text().startswith("<svg")


def test_who_was_tried_is_not_tried_again_unless_the_terms_are_others(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["select", str(config), "--candidates", "single_frame", "--out", str(tmp_path / "out"), "--json"]

    def tried(*more: str) -> tuple[int, dict[str, object]]:
        main([*command, *more])
        (said,) = (json.loads(line) for line in capsys.readouterr().out.splitlines())
        return (tmp_path / "out" / "single_frame.safetensors").stat().st_ino, said["candidates"][0]

    first, second, other = tried(), tried(), tried("--steps", "1")
    assert second == first
    assert other[0] != first[0]
    (tmp_path / "out" / "single_frame.json").write_text('{"of": 1')
    assert tried()[0] != other[0]


def test_where_nobody_is_within_the_budget_it_says_so_and_fails(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(
        ["select", str(config), "--ms", "0.0001", "--candidates", "single_frame", "--out", str(tmp_path / "out")]
    )

    said = capsys.readouterr().out
    assert code == 1
    assert "nobody is within the budget" in said
    assert "over the budget of 0.0001 ms" in said


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--candidates", "crnn,tsm"], "--candidates: no 'tsm'; there are: single_frame, crnn, san"),
        (["--ms", "-1"], "--ms -1: must be more than 0"),
        (["--hop-s", "nan"], "--hop-s nan: must be more than 0"),
    ],
)
def test_what_cannot_be_asked_is_told_before_any_work(
    config: Path, options: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["select", str(config), *options]) == 1
    assert says in capsys.readouterr().err
