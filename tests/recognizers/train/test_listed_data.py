"""Laws of learning from published kinds of annotations: a step is learned, and what was held out is judged."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from recognizers.clip import ClipSpec
from recognizers.data.ava import AvaData
from recognizers.data.lists import VideoListData
from recognizers.data.track import Sampling
from recognizers.data.windows import Jitter
from recognizers.errors import DataError
from recognizers.models.slowfast import SlowFastSize
from recognizers.train.actor_lessons import ActorLessons
from recognizers.train.lessons import PictureLessons
from recognizers.train.loop import train
from recognizers.train.plan import TrainingPlan
from recognizers.train.recipe import Recipe
from tests.recognizers.data.datasets import quiet, write_ava, write_charades, write_kinetics

SIZE = {"frames": 4, "alpha": 2, "beta_inv": 2, "width": 8, "depths": (1, 1, 1, 1), "fusion_kernel": 3}
SPEC = ClipSpec(4, 0.25, 0.5, 32)
RECIPE = Recipe(steps=1, batch=3, device="cpu")


def plan_of(folder: Path, kind: str, data: VideoListData | AvaData, multilabel: bool) -> TrainingPlan:
    size = SlowFastSize(**SIZE, dilated=kind == "slowfast_actors")  # type: ignore[arg-type]
    out = folder / "out.safetensors"
    return TrainingPlan(kind, size, SPEC, 32, data, RECIPE, Jitter(), out, multilabel=multilabel)


def test_kinetics_is_learned_and_judged(tmp_path: Path) -> None:
    card = train(
        plan_of(tmp_path, "slowfast", VideoListData("kinetics", write_kinetics(tmp_path)), False), quiet, lambda _: None
    )
    assert card.labels == ("background", "jump", "run", "walk")
    assert card.trained["held_out"]["clips"] == 9  # three of each of the test side's films
    assert "Kinetics (3 labels): 12 clips" in card.trained["data"]


def test_charades_is_learned_and_judged_by_average_precision(tmp_path: Path) -> None:
    data = VideoListData("charades", write_charades(tmp_path))
    card = train(plan_of(tmp_path, "slowfast", data, True), quiet, lambda _: None)
    assert card.labels == ("background", "walk", "run", "jump")
    assert set(card.trained["held_out"]["average_precision"]) >= {"walk", "run", "jump"}
    assert 0 < card.trained["held_out"]["map"] <= 1


def test_charades_needs_a_network_that_says_several_things(tmp_path: Path) -> None:
    data = VideoListData("charades", write_charades(tmp_path))
    with pytest.raises(DataError, match=r"several actions at once; set network\.multilabel: true"):
        train(plan_of(tmp_path, "slowfast", data, False), quiet, lambda _: None)


def test_ava_is_learned_and_judged(tmp_path: Path) -> None:
    card = train(plan_of(tmp_path, "slowfast_actors", AvaData(write_ava(tmp_path)), True), quiet, lambda _: None)
    assert card.labels == ("background", "stand", "talk to (e.g., self)")
    assert card.trained["held_out"]["clips"] == 4  # two people at two seconds
    assert set(card.trained["held_out"]["average_precision"]) == set(card.labels)


def test_people_of_ava_are_drawn_by_their_labels_with_all_that_they_do(tmp_path: Path) -> None:
    data = AvaData(write_ava(tmp_path)).load(Sampling(8.0, 32), quiet)
    lessons = ActorLessons(data, SPEC, Recipe(steps=1, batch=12, device="cpu"), Jitter())
    (clips, boxes, owner), truth = lessons.batch(np.random.default_rng(1))
    assert tuple(clips.shape) == (12, 3, 4, 32, 32)
    assert owner.tolist() == [n for n in range(12) for _ in range(2)]
    assert tuple(boxes.shape) == (24, 4)
    assert truth[::2].tolist() == [[0, 1, 1]] * 12
    assert {tuple(row) for row in truth[1::2].tolist()} == {(0, 0, 1), (1, 0, 0)}


def test_an_empty_class_is_named(tmp_path: Path) -> None:
    folder = write_kinetics(tmp_path)
    (folder / "labels.txt").write_text("walk\nrun\njump\nswim\n")
    with pytest.raises(DataError, match="no training clip shows swim"):
        train(plan_of(tmp_path, "slowfast", VideoListData("kinetics", folder), False), quiet, lambda _: None)


def test_the_card_names_training_videos_that_could_not_be_read(tmp_path: Path) -> None:
    folder = write_kinetics(tmp_path)
    next((folder / "videos").rglob("walk_00000001_*")).write_bytes(b"broken")
    data = VideoListData("kinetics", folder).load(Sampling(8.0, 36), quiet)
    lessons = PictureLessons(data, SPEC, 32, RECIPE, Jitter())
    assert "; 1 training videos replaced by others: " in lessons.description
    assert "walk_00000001_000005_000015.mp4 is not a video" in lessons.description


def test_a_corrupt_film_among_those_that_a_network_is_judged_by_ends_the_training(tmp_path: Path) -> None:
    folder = write_kinetics(tmp_path)
    next((folder / "videos").rglob("walk_00000003_*")).write_bytes(b"broken")
    plan = plan_of(tmp_path, "slowfast", VideoListData("kinetics", folder), False)
    with pytest.raises(DataError, match=r"no other may take their place: .*walk_00000003"):
        train(plan, quiet, lambda _: None)
    assert not plan.out.exists()
