"""How good verdicts are on real recordings, against what a check of each step's predecessors reaches there."""

from __future__ import annotations

from pathlib import Path

import pytest

from streamer.procedure.evaluation import assembly101, captaincook4d, frames

DATA = Path(__file__).parents[4] / "shared/data/procedures"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the recordings in ../shared/data/procedures are not here")


def test_order_and_missing_steps_of_kitchen_work() -> None:
    found = captaincook4d.evaluate(DATA / "captaincook4d")
    assert found["order_f1"] >= 0.88
    assert found["order_f1_online"] >= 0.74
    assert found["missing_f1"] >= 0.97


def test_mistakes_in_toy_assembly() -> None:
    assert assembly101.evaluate(DATA / "assembly101")["macro_f1"] >= 0.76


@pytest.mark.full
def test_decoded_steps_of_tents() -> None:
    found = frames.evaluate(DATA / "epic_tent" / "miniroad_frames.json")
    assert found["accuracy"] > found["raw_accuracy"]
    for figure in ("f1_10", "f1_25", "f1_50", "edit"):
        assert found[figure] > found[f"raw_{figure}"] + 0.25
