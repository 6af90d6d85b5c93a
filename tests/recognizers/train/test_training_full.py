"""Short trainings with the command that everybody uses learn to tell actions, and people, apart."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from recognizers.build import build_recognizer
from recognizers.checkpoint import load
from recognizers.clip import WHOLE_PICTURE, Clip, Picture
from recognizers.data.actors import BenchPairData
from recognizers.data.sets import Sampling
from recognizers.data.track import window_label
from recognizers.estimators.base import Found
from streamer.cli import main

SHORT = """
out: {out}
network: {{size: small, interval_s: 0.125, crop_px: 64}}
data: {{work_cell: {{seed: 1000, sessions: 20, session_s: 40.0, held_out: 5, elsewhere: 10}}}}
recipe: {{steps: 520, batch: 16, rate: 1.5e-3, threads: 1}}
"""
"""A fifth of the training that made `bundled:cell`, on smaller pictures: about ten minutes of one core."""


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


PAIRS = """
out: {out}
network: {{kind: slowfast_actors, size: small, multilabel: true, crop_px: 64, hop_s: 0.5}}
data: {{bench_pairs: {{seed: 5000, sessions: 12, session_s: 60.0, held_out: 4}}}}
recipe: {{steps: 600, batch: 12, rate: 3.0e-3, smoothing: 0.0, threads: 1}}
"""
"""config/training/actors.yaml: about five minutes of one core."""


class Asked:
    """A detector that is told where people are."""

    short_side_px = 64

    def __init__(self) -> None:
        self.boxes = np.zeros((0, 4), np.float32)

    def actors(self, picture: Picture) -> Found:
        return Found(self.boxes, np.ones(len(self.boxes), np.float32))


@pytest.mark.full
@pytest.mark.timeout(3600)
def test_each_of_two_operators_is_told_rightly_though_the_other_does_something_else(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, config = tmp_path / "pairs.safetensors", tmp_path / "pairs.yaml"
    config.write_text(PAIRS.format(out=out))
    assert main(["train", str(config), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    detector = Asked()
    recognizer = build_recognizer("slowfast_actors", out, {"actors": detector})
    held_out = BenchPairData(5000, 12, 60.0, 4).load(Sampling(16.0, 64), lambda *_: None).held_out

    right = others = differing = 0
    for track in held_out:
        for end in range(31, len(track.pictures), 16):
            positions = np.arange(end - 30, end + 1, 2)
            true = [window_label(each, len(recognizer.labels)) for each in track.labels[positions].T]
            if min(share for _, share in true) < 0.75 or true[0][0] == true[1][0]:
                continue
            detector.boxes = track.boxes[positions[8]]
            shown = tuple(track.pictures[positions])
            clip = Clip("cam", "hall", 1, 0, 0, 1.875, 1000, 998, WHOLE_PICTURE, 1.0, shown)
            ((prediction, _),) = recognizer.recognize([clip], [None])
            assert prediction is not None
            assert prediction.actors is not None
            told = prediction.actors.scores.argmax(axis=1)
            right += int((told == [label for label, _ in true]).sum())
            others += int((told == [label for label, _ in reversed(true)]).sum())
            differing += 2

    assert differing > 150
    assert right / differing >= 0.75, (right, differing, said)  # one that saw only the whole would have half at most
    assert others / differing <= 0.1, (others, differing, said)
    assert said["map"] >= 0.8
