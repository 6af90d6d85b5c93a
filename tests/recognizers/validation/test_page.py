"""What people read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from recognizers.train.confusion import confusion_svg
from recognizers.validation.page import PAGE, PICTURE, summary, write_page

FIGURES: dict[str, Any] = {
    "checkpoint": "/a/net.safetensors", "kind": "slowfast", "data": "clips:my", "part": "held_out", "videos": 12,
    "views": "10x3", "top1": 0.9, "top5": 1.0, "recall": {"pick": 0.8, "place": 1.0},
    "precision": {"pick": 1.0, "place": 0.75}, "labels": ["pick", "place"], "confusion": [[4, 1], [0, 7]],
    "ece": 0.03, "ece_before": 0.2, "nll": 0.4, "brier": 0.2, "live": {"views": "1x1", "top1": 0.8},
    "false_alarms_per_hour": 2.0, "false_alarms": 1, "negative_hours": 0.5, "false_alarms_per_hour_at_most": 9.5,
    "thresholds": {"pick": 0.7, "place": 0.5},
}  # fmt: skip


def test_the_terminal_tells_what_matters_first() -> None:
    lines = summary(FIGURES).splitlines()

    assert lines[0] == "/a/net.safetensors (slowfast) on clips:my: 12 recordings"
    assert lines[1].split() == ["right", "(top", "1),", "10x3", "views", "90.0%;", "one", "view", "80.0%"]
    assert any("false alarms an hour" in line and "2 (1 in 0.5 h; with 95 % at most 9.5)" in line for line in lines)
    assert any(line.split()[:2] == ["pick", "80.0%"] and line.endswith("begins at 0.7") for line in lines)


def test_a_page_is_written_with_its_picture(tmp_path: Path) -> None:
    page = write_page(tmp_path / "report", FIGURES)

    text = page.read_text()
    assert page == tmp_path / "report" / PAGE
    assert f"]({PICTURE})" in text
    assert "| calibration error (ECE) | 0.030; without temperature 0.200 |" in text
    assert (page.parent / PICTURE).read_text() == confusion_svg(["pick", "place"], [[4, 1], [0, 7]])


def test_without_a_confusion_there_is_no_picture(tmp_path: Path) -> None:
    several = {key: FIGURES[key] for key in ("checkpoint", "kind", "data", "part", "videos", "views")} | {"map": 0.5}
    page = write_page(tmp_path, several)
    assert PICTURE not in page.read_text()
    assert [one.name for one in tmp_path.iterdir()] == [PAGE]


def test_a_budget_that_cannot_be_kept_is_told() -> None:
    said = "no score keeps the budget"
    assert said not in summary({**FIGURES, "within_budget": True})
    assert said in summary({**FIGURES, "within_budget": False})
