"""Laws of trainings that go wrong: they say why, and what was good before is kept."""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from recognizers.build import build_recognizer
from recognizers.checkpoint import load
from recognizers.data.sets import WorkCellData
from recognizers.errors import DataError, NotWritten, TrainingDiverged
from recognizers.train.augment import relit
from recognizers.train.loop import train
from recognizers.train.state import write_whole
from recognizers.train.watched import Progress
from tests.recognizers.train.tiny import RECIPE, quiet, tiny_plan

CHOOSING = replace(RECIPE, steps=6, looks=3)


@contextmanager
def no_file_above(size: int) -> Iterator[None]:
    """As where a disk is full: nothing longer can be written."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_rate_that_is_too_high_ends_the_training_and_is_named_as_the_cause(tmp_path: Path) -> None:
    plan, steps = tiny_plan(tmp_path, replace(CHOOSING, rate=1e30)), []

    with pytest.raises(TrainingDiverged) as told:
        train(plan, quiet, lambda progress: steps.append(progress.step))

    assert f"in step {len(steps) + 1} of 6" in str(told.value)
    assert "likely the rate is too high; take rate: 3e+29" in str(told.value)
    assert not plan.out.exists()


def test_an_input_that_is_no_number_is_named_as_the_cause(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def broken(seen: torch.Tensor, *others: object) -> torch.Tensor:
        calls.append(1)
        lit = relit(seen, *others)  # type: ignore[arg-type]
        return lit * float("nan") if len(calls) > 4 else lit

    monkeypatch.setattr("recognizers.train.augment.relit", broken)
    plan = tiny_plan(tmp_path, CHOOSING)

    with pytest.raises(TrainingDiverged) as told:
        train(plan, quiet, lambda _: None)

    assert "the loss is nan in step 5 of 6" in str(told.value)
    assert "holds numbers that are none" in str(told.value)
    assert f"Kept as they were: {plan.state_path} and {plan.best_path}" in str(told.value)
    assert not plan.out.exists()
    assert build_recognizer("slowfast", plan.best_path, {}).labels == load(plan.best_path)[0].labels
    assert torch.load(plan.state_path, weights_only=True)["step"] == 4


def test_a_full_disk_ends_the_training_and_keeps_the_state_before(tmp_path: Path) -> None:
    plan, steps = tiny_plan(tmp_path, CHOOSING), []

    def filling(progress: Progress) -> None:
        steps.append(progress.step)
        if progress.step == 3:
            resource.setrlimit(resource.RLIMIT_FSIZE, (4096, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))

    with no_file_above(resource.getrlimit(resource.RLIMIT_FSIZE)[0]), pytest.raises(NotWritten) as told:
        train(plan, quiet, filling)

    assert "File too large" in str(told.value)
    assert "Make room there" in str(told.value)
    assert "the one before is kept" in str(told.value)
    assert not list(tmp_path.glob("*.part"))
    assert torch.load(plan.state_path, weights_only=True)["step"] == 2
    assert load(plan.best_path)[0].trained["step"] == 2
    train(plan, quiet, lambda progress: steps.append(progress.step))
    assert steps == [1, 2, 3, 3, 4, 5, 6]
    assert plan.out.exists()


def test_a_file_that_cannot_be_written_whole_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "some" / "file"
    write_whole(path, b"old")
    with no_file_above(10), pytest.raises(NotWritten, match="the one before is kept"):
        write_whole(path, b"x" * 100)
    assert path.read_bytes() == b"old"
    assert list(path.parent.iterdir()) == [path]


def test_a_folder_that_takes_no_file_is_told_before_anything_is_read(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    plan = tiny_plan(tmp_path / "file")

    def tick(what: str, done: int, of: int) -> None:
        raise AssertionError(what)

    with pytest.raises(NotWritten, match=r"Not a directory|File exists"):
        train(plan, tick, lambda _: None)


def test_a_state_of_other_data_is_not_gone_on_with(tmp_path: Path) -> None:
    plan = tiny_plan(tmp_path)

    def kill(progress: Progress) -> None:
        if progress.step == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(plan, quiet, kill)
    assert isinstance(plan.data, WorkCellData)
    with pytest.raises(DataError, match="left by another training"):
        train(replace(plan, data=replace(plan.data, seed=9)), quiet, kill)


_DYING = """
import os, signal, sys
from dataclasses import replace
from pathlib import Path
from recognizers.train.loop import train
from tests.recognizers.train.tiny import tiny_plan, RECIPE
from tests.recognizers.train.test_trouble import RESUMED

def told(progress):
    print(progress.step, flush=True)
    if progress.step == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)

train(tiny_plan(Path(sys.argv[1]), RESUMED), lambda *_: None, told)
"""
RESUMED = replace(RECIPE, steps=6, looks=3, optimiser="sgd", rate=0.05, mixup=0.4, workers=2)


@pytest.mark.e2e
def test_a_killed_process_goes_on_to_the_same_network(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("whole", "killed")]
    whole = tiny_plan(folders[0], RESUMED)
    train(whole, quiet, lambda _: None)

    def run(kill_at: int) -> tuple[int, list[int]]:
        command = [sys.executable, "-c", _DYING, str(folders[1]), str(kill_at)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert not done.stderr, done.stderr
        return done.returncode, [int(line) for line in done.stdout.split()]

    assert run(3) == (-9, [1, 2, 3])
    assert run(5) == (-9, [3, 4, 5])
    assert run(9) == (0, [5, 6])
    one, other = (load(folder / "out.safetensors") for folder in folders)
    assert all(torch.equal(tensor, other[1][name]) for name, tensor in one[1].items())
    assert one[0].trained == other[0].trained
    assert sorted(path.name for path in folders[1].iterdir()) == ["out.safetensors"]
