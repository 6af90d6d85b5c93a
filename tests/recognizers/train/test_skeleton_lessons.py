"""Laws of lessons of skeletons: what is varied is varied alike, and what is no action is none."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from recognizers.build import build_recognizer
from recognizers.checkpoint import load
from recognizers.clip import ClipSpec
from recognizers.data.skeletons import SkeletonData
from recognizers.data.windows import Jitter
from recognizers.errors import CheckpointMismatch, DataError
from recognizers.families import network_of
from recognizers.nn.skeletons import KINECT_20
from recognizers.train.loop import train
from recognizers.train.plan import TrainingPlan
from recognizers.train.recipe import Recipe
from recognizers.train.skeleton_augment import stretched, varied
from recognizers.train.skeleton_lessons import SkeletonLessons, no_action
from streamer.testing.estimators import BrightPoses
from tests.recognizers.skeletons import tiny, write_skeletons

SIZE = tiny(layout="kinect20", coordinates=3)
PLAIN = Recipe(steps=1, batch=12)
STEADY = Jitter(speed=0, repeat=0)


@pytest.fixture
def data(tmp_path: Path) -> SkeletonData:
    return SkeletonData(write_skeletons(tmp_path / "made.npz"), held_out=(2,))


def walker(frames: int = 9) -> np.ndarray:
    """Each joint has a place of its own and moves on by 1 a frame along x."""
    places = np.random.default_rng(0).normal(0, 1, (1, 20, 3)) + np.arange(frames)[:, None, None] * [1, 0, 0]
    return np.concatenate((places, np.ones((frames, 20, 1))), axis=2).astype(np.float32)


def vary(recipe: Recipe, jitter: Jitter = STEADY, frames: int = 9, seed: int = 1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    reflected = rng.random(1) < (0.5 if recipe.flip else 0.0)
    return varied([walker()], frames, KINECT_20, recipe, jitter, rng, reflected)[0]


def test_a_sequence_is_drawn_to_the_clips_length_from_its_first_frame_to_its_last() -> None:
    clip = stretched(walker(), np.linspace(0, 1, 5))
    np.testing.assert_allclose(clip, walker()[::2], atol=1e-5)
    np.testing.assert_allclose(np.diff(stretched(walker(), np.linspace(0, 1, 17))[:, 0, 0]), 0.5, atol=1e-5)


def test_there_is_no_way_to_a_joint_that_was_not_seen() -> None:
    gap = walker(3)
    gap[1, 4] = 0
    clip = stretched(gap, np.linspace(0, 1, 9))
    assert clip[:, 4, 3].tolist() == [1, 1, 0, 0, 0, 0, 1, 1, 1]
    np.testing.assert_array_equal(clip[1, 4], gap[0, 4])


def test_nothing_asked_for_is_nothing_varied() -> None:
    np.testing.assert_allclose(vary(PLAIN), walker(), atol=1e-4)


def test_turning_moves_a_body_and_keeps_its_bones() -> None:
    clip = vary(replace(PLAIN, turn=15))
    lengths = [np.linalg.norm(np.diff(one[:, [0, 3], :3], axis=1), axis=2) for one in (clip, walker())]
    np.testing.assert_allclose(*lengths, rtol=1e-4)
    assert np.abs(clip - walker()).max() > 0.1


def test_a_mirror_swaps_left_and_right_in_half_of_the_clips() -> None:
    flip = replace(PLAIN, flip=True)
    expected = walker()[:, list(KINECT_20.mirrored)] * np.array([-1, 1, 1, 1])
    told = [np.allclose(vary(flip, seed=seed)[:, :, 1:], expected[:, :, 1:], atol=1e-4) for seed in range(40)]
    assert 10 < sum(told) < 30


def test_joints_are_missing_in_all_frames_or_in_none() -> None:
    seen = vary(replace(PLAIN, hide=0.5))[..., 3]
    assert (seen == seen[0]).all()
    assert 3 < seen[0].sum() < 17


def test_noise_is_a_share_of_the_bodys_size() -> None:
    off = vary(replace(PLAIN, noise=0.1)) - walker()
    size = float((walker()[..., :3] - walker()[..., :3].mean((0, 1))).std())
    assert off[..., :3].std() == pytest.approx(0.1 * size, rel=0.1)


def test_a_part_is_shown_at_an_uneven_pace_and_in_order() -> None:
    at = vary(PLAIN, Jitter(speed=0.3, repeat=0, crop=0.5), frames=20)[:, 0, 0] - walker()[0, 0, 0]
    assert 3.9 < at[-1] - at[0] < 8
    assert (np.diff(at) > 0).all()
    assert np.diff(at).std() > 0.01


def test_no_action_is_standing_still_nobody_or_out_of_order() -> None:
    clip, kinds = walker(8), set()
    for seed in range(40):
        none = no_action(clip, np.random.default_rng(seed))
        steps = np.diff(none[:, 0, 0])
        kinds.add("nobody" if not none.any() else "still" if not steps.any() else "torn")
        assert none.shape == clip.shape
        assert not np.array_equal(none, clip)
        assert not none.any() or not steps.any() or sum(steps != 1) == 3
    assert kinds == {"nobody", "still", "torn"}


def test_a_batch_is_what_the_network_takes_with_others_absent(data: SkeletonData) -> None:
    lessons = SkeletonLessons(data.load(), SIZE, PLAIN, STEADY)
    clips, truth = lessons.batch(np.random.default_rng(0))
    assert (clips.shape, truth.shape) == ((12, 4, 8, 20, 2), (12, 3))
    assert truth.sum(0).min() > 0
    assert not clips[..., 1].any()
    still = (clips[:, :, 1:] == clips[:, :, :-1]).flatten(1).all(1)
    assert still[truth[:, 0] == 1].any()
    assert not still[truth[:, 0] == 0].any()


def test_other_joints_than_the_layouts_are_refused(data: SkeletonData) -> None:
    with pytest.raises(DataError, match=r"20 joints of 3 coordinates, the layout coco17 17 of 2; give network.numbers"):
        SkeletonLessons(data.load(), tiny(), PLAIN, STEADY)


def test_a_set_without_a_sequence_to_judge_by_is_refused(data: SkeletonData) -> None:
    with pytest.raises(DataError, match="no held-out sequence is there to judge by"):
        SkeletonLessons(replace(data.load(), held_out=()), SIZE, PLAIN, STEADY)


def test_a_trained_network_tells_sitting_down_from_standing_up_and_goes_by_its_card(
    data: SkeletonData, tmp_path: Path
) -> None:
    plan = TrainingPlan(
        kind="san", size=tiny(layout="kinect20", coordinates=3, persons=1, width=16), spec=ClipSpec(8, 0.1, 0.5, 64),
        crop_px=64, data=data, recipe=Recipe(steps=80, batch=16, rate=5e-3, average=0.9, background=0.5), jitter=STEADY,
        out=tmp_path / "san.safetensors",
    )  # fmt: skip
    card = train(plan, lambda *_: None, lambda _: None)
    assert card.trained["held_out"]["top1"] == 1.0
    card, tensors = load(plan.out)
    answers = SkeletonLessons(data.load(), plan.size, PLAIN, STEADY).judged(network_of(card, tensors, ""), "held_out")
    assert torch.equal(answers.logits.argmax(1), torch.from_numpy(answers.truth))
    with pytest.raises(CheckpointMismatch, match="kinect20 in 3 dimensions, the estimator finds coco17 in 2"):
        build_recognizer("san", plan.out, {"poses": BrightPoses()})
