"""Laws of trainings that no machine could run: they are refused before anything is read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from recognizers.clip import ClipSpec
from recognizers.data.sets import WorkCellData
from recognizers.data.skeletons import SkeletonData
from recognizers.data.track import DataSet, Track
from recognizers.data.windows import Jitter
from recognizers.errors import DataError, NotWritten
from recognizers.families import FAMILIES
from recognizers.models.san import SanSize
from recognizers.train import demand
from recognizers.train.demand import batch_bytes, check_demand, weight_bytes
from recognizers.train.lessons import PictureLessons
from recognizers.train.loop import train
from recognizers.train.plan import TrainingPlan
from tests.recognizers.train.tiny import RECIPE, SLOWFAST, quiet, tiny_plan


def nothing_is_read(plan: TrainingPlan) -> TrainingPlan:
    """With data that cannot be read: whoever tries tells of that instead."""
    return replace(plan, kind="san", size=SanSize(), data=SkeletonData(Path("/nowhere.npz"), held_out=(1,)))


def test_a_batch_is_as_large_as_its_clips(tmp_path: Path) -> None:
    plan = tiny_plan(tmp_path)
    assert batch_bytes(plan) == 3 * 4 * 3 * 32 * 32 * 4
    assert batch_bytes(nothing_is_read(plan)) == 3 * 32 * (3 * 17 * 2) * 4


def test_a_batch_that_fits_no_memory_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    plan = nothing_is_read(tiny_plan(tmp_path, replace(RECIPE, batch=4096)))
    vast = replace(plan, size=SanSize(frames=16384, persons=200))
    with pytest.raises(
        DataError, match=r"a batch of 4096 clips of 16384 pictures takes [\d,.]+ GiB .* make recipe.batch"
    ):
        train(vast, quiet, lambda _: None)


def test_weights_that_fit_no_memory_are_refused(tmp_path: Path) -> None:
    vast = replace(SLOWFAST, width=16384, depths=(9, 9, 9, 9))
    with pytest.raises(DataError, match=r"the network has [\d,]+ weights, .* make network.numbers smaller"):
        check_demand(replace(tiny_plan(tmp_path), size=vast))


def test_what_a_process_is_allowed_counts_as_its_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("resource.getrlimit", lambda _: (100_000, 100_000))
    assert demand.memory() == 100_000
    with pytest.raises(DataError, match=r"this machine has 0.0 GiB of memory"):
        check_demand(tiny_plan(tmp_path))


@pytest.mark.parametrize("kind", FAMILIES)
def test_every_named_size_can_be_weighed_without_memory(kind: str, tmp_path: Path) -> None:
    for make in FAMILIES[kind].sizes.values():
        plan = replace(tiny_plan(tmp_path), kind=kind, size=make())
        assert 1_000_000 < weight_bytes(plan) < 2**31
        check_demand(plan)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there_is_told_before_anything_is_read(tmp_path: Path) -> None:
    plan = nothing_is_read(tiny_plan(tmp_path, replace(RECIPE, device="cuda")))
    with pytest.raises(DataError, match=r"recipe.device: cuda, and torch finds no GPU here; take device: auto"):
        train(plan, quiet, lambda _: None)


def test_a_folder_in_the_place_of_the_result_is_told_before_anything_is_read(tmp_path: Path) -> None:
    (tmp_path / "out.safetensors").mkdir()
    with pytest.raises(NotWritten, match=r"out.safetensors is a folder; say as `out` a file"):
        train(nothing_is_read(tiny_plan(tmp_path)), quiet, lambda _: None)


@pytest.mark.parametrize("name", ["out.safetensors", "out.best.safetensors"])
def test_a_training_does_not_write_over_what_it_begins_with(tmp_path: Path, name: str) -> None:
    plan = replace(tiny_plan(tmp_path), begin=tmp_path / "elsewhere" / ".." / name)
    (tmp_path / "elsewhere").mkdir()
    with pytest.raises(DataError, match=f"{name} is a file that this training writes; copy it"):
        plan.check()


@pytest.mark.parametrize("frames", [1, 8])
def test_sessions_that_hold_no_clip_are_told_before_anything_is_drawn(tmp_path: Path, frames: int) -> None:
    data = WorkCellData(seed=7, sessions=1, session_s=0.01, held_out=1, elsewhere=1)
    plan = replace(tiny_plan(tmp_path), data=data, spec=ClipSpec(frames, 0.25, 0.5, 32))
    with pytest.raises(DataError, match=r"session_s: 0.01 s are less than a clip, which spans .* s; give longer ones"):
        plan.check()


def test_a_set_without_a_clip_to_judge_by_is_refused_before_training() -> None:
    def track(seconds: int) -> Track:
        labels = np.repeat(np.arange(2), seconds * 4)
        return Track("film", "somebody", 8.0, np.zeros((len(labels), 40, 40, 3), np.uint8), labels)

    def lessons(*held_out: Track) -> PictureLessons:
        data = DataSet(("none", "wave"), "none", (track(9),), (), held_out, "two labels")
        return PictureLessons(data, ClipSpec(4, 0.5, 0.5, 32), 32, RECIPE, Jitter())

    assert len(lessons(track(4)).labels) == 2
    says = "no held-out recording can be judged by: a clip spans 1.5 s, .* and "
    with pytest.raises(DataError, match=f"{says}the longest of 2 lasts 1 s; give longer ones"):
        lessons(track(1), track(1))
    with pytest.raises(DataError, match=f"{says}there is none"):
        lessons()
