"""A short training with the command that everybody uses learns to tell actions apart."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from recognizers.checkpoint import load
from streamer.cli import main

SHORT = """
out: {out}
network: {{size: small, interval_s: 0.125, crop_px: 64}}
data: {{work_cell: {{seed: 1000, sessions: 20, session_s: 40.0, held_out: 5, elsewhere: 10}}}}
recipe: {{steps: 240, batch: 16, rate: 1.5e-3, threads: 1}}
"""
"""A fifth of the training that made `bundled:cell`, on smaller pictures: about five minutes of one core."""


@pytest.mark.full
@pytest.mark.timeout(1800)
def test_a_short_training_is_far_better_than_chance_on_operators_it_never_saw(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, config = tmp_path / "short.safetensors", tmp_path / "short.yaml"
    config.write_text(SHORT.format(out=out))
    assert main(["train", str(config), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    card, _ = load(out)
    assert said["held_out"] == card.trained["held_out"]
    assert said["held_out"]["clips"] > 200
    assert said["top1"] >= 0.6, said  # seven answers: chance is 0.14
