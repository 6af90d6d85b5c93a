"""Laws of several processes that learn together."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from recognizers.checkpoint import load
from recognizers.data.sets import Tick
from recognizers.errors import DataError
from recognizers.train.lessons import Lessons, PictureLessons
from recognizers.train.loop import train
from recognizers.train.plan import TrainingPlan
from recognizers.train.ranks import Ranks
from tests.recognizers.train.test_begin import CRNN, write_earlier
from tests.recognizers.train.tiny import RECIPE, quiet, tiny_plan
from tests.recognizers.train.two_processes import LEARNING, plan_in

ROOT = Path(__file__).parents[3]


class Both(PictureLessons):
    """What two processes are shown, one step after the other, as one batch."""

    step = 0

    def batch(self, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        seeds = ((LEARNING.seed, self.step), (LEARNING.seed, 1, self.step))
        shares = [super(Both, self).batch(np.random.default_rng(seed)) for seed in seeds]
        self.step += 1
        inputs, truth = (torch.cat(parts) for parts in zip(*shares, strict=True))
        return inputs, truth


class Together(TrainingPlan):
    """One process that is shown what two would be."""

    def lessons(self, tick: Tick) -> Lessons:
        half = tiny_plan(self.out.parent, replace(self.recipe, batch=2), self.kind, self.size)  # type: ignore[arg-type]
        known = half.lessons(tick)
        assert isinstance(known, PictureLessons)
        known.__class__ = Both
        return known


@pytest.mark.e2e
@pytest.mark.timeout(240)
def test_two_processes_learn_what_one_does_from_the_same_batches(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("two", "one", "half")]
    for folder in folders:
        folder.mkdir()
        write_earlier(folder, "crnn", replace(CRNN, dropout=0.0))
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    command += ["-m", "tests.recognizers.train.two_processes", str(folders[0])]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["1", "2", "3", "4", "5"]  # the first process tells, the other does not
    plan = plan_in(folders[1])
    whole = Together(**{name: getattr(plan, name) for name in plan.__slots__})
    train(whole, quiet, lambda _: None)
    half = plan_in(folders[2])
    train(replace(half, recipe=replace(half.recipe, batch=2)), quiet, lambda _: None)
    two, one, less = (load(folder / "out.safetensors")[1] for folder in folders)
    learned = [name for name in one if name.startswith(("recurrent.", "head."))]
    for name in learned:
        torch.testing.assert_close(two[name].float(), one[name].float(), rtol=2e-3, atol=2e-4)
    apart = max(float((two[name].float() - less[name].float()).abs().max()) for name in learned)
    assert apart > 2e-3


def test_a_process_has_its_share_of_each_batch(tmp_path: Path) -> None:
    plan = tiny_plan(tmp_path, replace(RECIPE, batch=6))
    assert Ranks(1, 3).shared(plan).recipe.batch == 2
    assert Ranks().shared(plan) is plan
    with pytest.raises(DataError, match="must be a multiple of the 4 processes"):
        Ranks(0, 4).shared(plan)
    with pytest.raises(DataError, match="start one process only"):
        Ranks(0, 2).shared(replace(plan, recipe=replace(plan.recipe, cached=5)))


def test_each_process_draws_other_clips_and_the_first_those_of_one_alone() -> None:
    seeds = [Ranks(rank, 3).seed(RECIPE) for rank in range(3)]
    assert len(set(seeds)) == 3
    assert seeds[0] == Ranks().seed(RECIPE)
