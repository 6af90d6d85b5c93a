"""`takt validate` and `takt predict` on films of which is known what they show, by a network that sees brightness."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recognizers.card import read_card
from recognizers.checkpoint import load
from streamer.cli import main
from streamer.testing.film import write_film
from tests.e2e.networks import brightness

FPS = 25
DARK, GREY, BRIGHT = 20, 150, 230
"""The network scores them near 0, 0.85 and near 1."""


def film(path: Path, *levels: int, seconds: float = 1.5) -> Path:
    """A level after the other."""
    pictures = (np.full((96, 128, 3), level, np.uint8) for level in levels for _ in range(round(seconds * FPS)))
    return write_film(path, pictures, FPS)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three groups with a bright and a dark film each; the last is held out. And films in which nothing happens."""
    folder = tmp_path_factory.mktemp("validate")
    rows = ["path,label,group"]
    for group in "abc":
        for name, level in (("bright", BRIGHT), ("", DARK)):
            path = film(folder / f"{group}-{name or 'none'}.mp4", level)
            rows.append(f"{path.name},{name},{group}")
    (folder / "clips.csv").write_text("\n".join(rows) + "\n")
    film(folder / "night.mp4", DARK, GREY, DARK, GREY, DARK)
    brightness(folder / "net.safetensors")
    return folder


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert main([*arguments, "--json"]) == 0
    out: dict[str, Any] = json.loads(capsys.readouterr().out)
    return out


def test_held_out_recordings_are_judged_in_plain_keys(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    figures = told(capsys, "validate", str(folder / "net.safetensors"), "--data", f"clips:{folder}", "--views", "2x3")

    assert (figures["videos"], figures["views"], figures["top1"]) == (2, "2x3", 1.0)
    assert (figures["live"]["views"], figures["live"]["top1"]) == ("1x1", 1.0)
    assert figures["recall"] == {"dark": 1.0, "bright": 1.0}
    assert figures["confusion"] == [[1, 0], [0, 1]]
    assert (figures["auroc"], figures["fpr95"]) == (1.0, 0.0)
    assert {"top5", "ece", "ece_before", "nll", "brier", "temperature", "part", "kind"} <= set(figures)


def test_all_recordings_can_be_judged_instead(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    net = str(folder / "net.safetensors")
    figures = told(capsys, "validate", net, "--data", f"clips:{folder}", "--views", "1x1", "--part", "all")
    assert (figures["videos"], "live" in figures) == (6, False)


def test_people_get_a_table_and_a_page(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = tmp_path / "report"
    net = str(folder / "net.safetensors")

    assert main(["validate", net, "--data", f"clips:{folder}", "--views", "1x1", "--report", str(report)]) == 0

    out = capsys.readouterr().out
    assert "right (top 1), 1x1 views" in out
    assert str(report / "validation.md") in out
    assert (report / "confusion.svg").read_text().startswith("<svg")


def test_thresholds_are_chosen_for_a_budget_and_kept_with_every_weight_as_it_was(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    net, out = folder / "net.safetensors", tmp_path / "quiet.safetensors"
    common = ("--data", f"clips:{folder}", "--views", "1x1", "--negatives", str(folder / "night.mp4"))

    before = told(capsys, "validate", str(net), *common)
    after = told(capsys, "validate", str(net), *common, "--false-alarms-per-hour", "1", "--store", str(out))

    assert before["false_alarms"] == 2
    assert before["false_alarms_per_hour"] == pytest.approx(2 / (7.5 / 3600), rel=0.02)
    assert (after["false_alarms"], after["stored"]) == (0, str(out))
    threshold = after["thresholds"]["bright"]
    assert 0.6 < threshold < 0.95
    assert read_card(out).thresholds == {"bright": threshold}
    assert read_card(out).trained["thresholds"]["negatives"] == ["night.mp4"]
    assert read_card(net).thresholds == {}
    ours, theirs = load(net)[1], load(out)[1]
    assert ours.keys() == theirs.keys()
    assert all(ours[name].numpy().tobytes() == theirs[name].numpy().tobytes() for name in ours)


def test_the_service_uses_what_is_kept_unless_its_configuration_says_otherwise(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    net, quiet = folder / "net.safetensors", tmp_path / "quiet.safetensors"
    common = ("--data", f"clips:{folder}", "--views", "1x1", "--negatives", str(folder / "night.mp4"))
    told(capsys, "validate", str(net), *common, "--false-alarms-per-hour", "1", "--store", str(quiet))

    counts = []
    for checkpoint, events in ((net, ""), (quiet, ""), (quiet, ", events: {default: {on: 0.6}}")):
        config = tmp_path / "cell.yaml"
        config.write_text(
            f"recognizers: {{light: {{checkpoint: {checkpoint}}}}}\n"
            f"streams:\n  - {{id: cam, source: {{kind: file, path: {folder}/night.mp4}}, "
            f"watches: [{{id: w, recognizer: light{events}}}]}}\n"
        )
        assert main(["replay", str(config), str(folder / "night.mp4"), "--json"]) == 0
        counts.append(capsys.readouterr().out.count('"phase":"started"'))
    assert counts == [2, 0, 2]


@pytest.mark.parametrize(
    ("more", "wrong"),
    [
        (["--store"], "--store needs --false-alarms-per-hour"),
        (["--false-alarms-per-hour", "1"], "--false-alarms-per-hour needs --negatives"),
        (["--negatives", "/nowhere.mp4"], "/nowhere.mp4: no such file"),
        (["--views", "many"], "give CLIPSxCROPS"),
        (["--data", "dreams:x"], "names no data"),
    ],
)
def test_wrong_wishes_are_told(folder: Path, more: list[str], wrong: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", str(folder / "net.safetensors"), "--data", f"clips:{folder}", *more]) == 1
    assert wrong in capsys.readouterr().err


def test_a_bundled_checkpoint_is_not_written_to(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    more = ["--negatives", str(folder / "night.mp4"), "--false-alarms-per-hour", "1", "--store"]
    assert main(["validate", "bundled:cell", "--data", "cell:9000", *more]) == 1
    assert "name a copy" in capsys.readouterr().err


def test_data_of_other_actions_is_told(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [f"{folder}/{group}-bright.mp4,dance,{group}" for group in "abc"]
    (tmp_path / "clips.csv").write_text("\n".join(["path,label,group", *rows]) + "\n")
    assert main(["validate", str(folder / "net.safetensors"), "--data", f"clips:{tmp_path}"]) == 1
    assert "no recording shows what the network knows: they show dance, it says bright" in capsys.readouterr().err


def test_what_is_said_of_a_film_comes_as_labels_and_as_segments(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = film(tmp_path / "shown.mp4", DARK, BRIGHT, DARK, seconds=3)

    one = told(capsys, "predict", str(folder / "net.safetensors"), str(shown), "--views", "3x1")

    assert one["file"] == str(shown)
    assert [label["label"] for label in one["labels"]] == ["dark", "bright"]
    assert one["labels"][0]["score"] == pytest.approx(2 / 3, abs=0.1)
    (segment,) = one["segments"]
    assert segment["action"] == "bright"
    assert segment["start_s"] == pytest.approx(3.0, abs=1.2)
    assert segment["end_s"] == pytest.approx(6.0, abs=1.6)


def test_a_person_reads_a_line_a_label_and_a_line_a_segment(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["predict", str(folder / "net.safetensors"), str(folder / "a-bright.mp4"), "--views", "1x1"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == str(folder / "a-bright.mp4")
    assert lines[1].split() == ["100.0%", "bright"]
    assert lines[3].split()[-2] == "bright"
