"""Laws of the curves of a training."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from recognizers.errors import DataError
from recognizers.train.loop import train
from recognizers.train.watched import Progress
from tests.recognizers.train.tiny import RECIPE, quiet, tiny_plan


def drawn(folder: Path) -> dict[str, dict[int, float]]:
    """Of each curve, the value at each step."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    read = EventAccumulator(str(folder))
    read.Reload()
    return {curve: {one.step: one.value for one in read.Scalars(curve)} for curve in read.Tags()["scalars"]}


def test_curves_are_drawn_of_each_step_and_of_each_look_also_by_a_training_that_goes_on(tmp_path: Path) -> None:
    plan = replace(tiny_plan(tmp_path, replace(RECIPE, looks=2)), curves=tmp_path / "curves")
    losses: dict[int, float] = {}

    def told(progress: Progress) -> None:
        losses[progress.step] = progress.loss
        if progress.step == 3 and len(losses) == 3:
            losses[0] = 0
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(plan, quiet, told)
    train(plan, quiet, told)

    curves = drawn(tmp_path / "curves")
    assert set(curves) == {"loss/training", "rate", "gradient", "loss/calibration", "right/calibration"}
    assert curves["loss/training"] == pytest.approx({step: losses[step] for step in (1, 2, 3, 4)}, rel=1e-5)
    assert sorted(curves["loss/calibration"]) == [2, 4]
    assert 0 <= curves["right/calibration"][4] <= 1


def test_without_tensorboard_the_training_says_so_before_it_reads_anything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)

    def tick(what: str, done: int, of: int) -> None:
        raise AssertionError(what)

    with pytest.raises(DataError, match=r"pip install 'taktstream\[curves\]'"):
        train(replace(tiny_plan(tmp_path), curves=tmp_path), tick, lambda _: None)
