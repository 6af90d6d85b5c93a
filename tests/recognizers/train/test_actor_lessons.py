"""Laws of learning what each person does: the right box, the right label, and what the others do teaches nothing."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from recognizers.build import build_recognizer
from recognizers.clip import ClipSpec
from recognizers.data.actors import ActorSet, ActorTrack, BenchPairData
from recognizers.data.sets import Sampling, WorkCellData
from recognizers.data.synthetic import WorkCell
from recognizers.data.windows import Jitter
from recognizers.errors import DataError
from recognizers.models.slowfast import SlowFastSize
from recognizers.models.slowfast_actors import SlowFastActors
from recognizers.train.actor_lessons import ActorLessons
from recognizers.train.loop import train
from recognizers.train.plan import TrainingPlan
from recognizers.train.recipe import Recipe
from streamer.testing.estimators import BrightActors

TINY = SlowFastSize(frames=4, alpha=2, beta_inv=2, width=8, depths=(1, 1, 1, 1), fusion_kernel=3, dilated=True)
SPEC = ClipSpec(4, 0.25, 0.5, 32)
PAIRS = BenchPairData(seed=70, sessions=2, session_s=40.0, held_out=1)


def quiet(what: str, done: int, of: int) -> None:
    assert 0 < done <= of, what


def plan_of(folder: Path) -> TrainingPlan:
    return TrainingPlan(
        kind="slowfast_actors",
        size=TINY,
        spec=SPEC,
        crop_px=32,
        data=PAIRS,
        recipe=Recipe(steps=2, batch=3, device="cpu"),
        jitter=Jitter(),
        out=folder / "out.safetensors",
        multilabel=True,
    )


def test_two_benches_are_one_picture_with_a_box_and_a_label_for_each_operator() -> None:
    data = PAIRS.load(Sampling(4.0, 32), quiet)

    (track, *_) = data.training
    assert track.pictures.shape == (160, 32, 64, 3)
    assert (track.boxes.shape, track.labels.shape) == ((160, 2, 4), (160, 2))
    assert (track.boxes[:, 0, 2] <= 0.5).all()
    assert (track.boxes[:, 1, 0] >= 0.5).all()
    assert (track.boxes[..., :2] < track.boxes[..., 2:]).all()
    assert (track.labels[:, 0] != track.labels[:, 1]).mean() > 0.3
    parts = [{one.group for one in part} for part in (data.training, data.calibration, data.held_out)]
    assert all(one.isdisjoint(other) for one, other in combinations(parts, 2))


@pytest.mark.parametrize("at_s", [0.0, 3.7, 11.2, 25.0])
def test_an_operators_box_is_around_both_hands(at_s: float) -> None:
    cell = WorkCell(3)
    left, top, right, bottom = cell.operator_at(at_s)
    now = cell.pose_at(at_s)

    for x, y in (now.hand, now.other):
        assert left < x < right
        assert top < y
    assert bottom == 1.0


def test_a_batch_has_everybodys_box_near_where_they_are_and_their_own_label() -> None:
    data = PAIRS.load(Sampling(8.0, 32), quiet)
    lessons = ActorLessons(data, SPEC, Recipe(steps=1, batch=6, device="cpu"), Jitter())

    (clips, boxes, owner), truth = lessons.batch(np.random.default_rng(1))

    assert tuple(clips.shape) == (6, 3, 4, 32, 64)
    assert owner.tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    assert tuple(boxes.shape) == (12, 4)
    middle = (boxes[:, 0] + boxes[:, 2]) / 2
    assert (middle[::2] < 0.5).all()
    assert (middle[1::2] > 0.5).all()
    assert truth.sum(dim=1).tolist() == [1.0] * 12
    assert torch.equal(lessons.batch(np.random.default_rng(1))[0][0], clips)


def test_a_trained_checkpoint_is_a_recognizer_of_people(tmp_path: Path) -> None:
    plan = plan_of(tmp_path)
    its_card = train(plan, quiet, lambda _: None)
    recognizer = build_recognizer("slowfast_actors", plan.out, {"actors": BrightActors()})

    assert recognizer.labels == its_card.labels
    assert its_card.trained["held_out"]["clips"] > 40
    assert 0 <= its_card.trained["held_out"]["map"] <= 1


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"data": WorkCellData(7, 1, 40.0, 1, 1)}, r"learns from people in boxes; give data\.bench_pairs"),
        ({"kind": "slowfast"}, "cannot tell people apart; train a slowfast_actors"),
        ({"multilabel": False}, r"set network\.multilabel: true"),
        ({"recipe": Recipe(steps=1, flip=True)}, "not flipped, zoomed, turned or mixed"),
        ({"data": replace(PAIRS, session_s=4.0)}, "nobody shows .*tighten.* in training"),
    ],
)
def test_what_cannot_be_learned_says_why(tmp_path: Path, changes: dict[str, object], says: str) -> None:
    with pytest.raises(DataError, match=says):
        train(replace(plan_of(tmp_path), **changes), quiet, lambda _: None)  # type: ignore[arg-type]


def lamps(seed: int) -> ActorTrack:
    """Two lamps side by side, each growing brighter or darker in its own time: the same pictures in opposite order."""
    rng, frames, every = np.random.default_rng(seed), 240, 8
    labels = np.stack([rng.integers(0, 2, frames // every).repeat(every) for _ in range(2)], axis=1)
    ramp = np.tile(np.linspace(0, 1, every), frames // every)
    light = np.where(labels == 1, ramp[:, None], 1 - ramp[:, None])
    pictures = np.full((frames, 32, 64, 3), 40, np.uint8)
    pictures[:, 8:24, 8:24] += (170 * light[:, 0, None, None, None]).astype(np.uint8)
    pictures[:, 8:24, 40:56] += (170 * light[:, 1, None, None, None]).astype(np.uint8)
    boxes = np.array([[0.125, 0.25, 0.375, 0.75], [0.625, 0.25, 0.875, 0.75]], np.float32)
    return ActorTrack(f"lamps {seed}", f"{seed}", 8.0, pictures, np.tile(boxes, (frames, 1, 1)), labels)


def test_each_is_told_rightly_whatever_the_other_does() -> None:
    """Learned in half a minute at most; asked about the other's box, it tells the other's action."""
    tracks = [lamps(seed) for seed in range(6)]
    data = ActorSet(("darker", "brighter"), "darker", tuple(tracks[:4]), (tracks[4],), (tracks[5],), "lamps")
    spec = ClipSpec(4, 0.25, 1.0, 32)
    lessons = ActorLessons(data, spec, Recipe(steps=1, batch=12, device="cpu"), Jitter(speed=0.0, repeat=0.0))
    torch.manual_seed(1)
    network = SlowFastActors(TINY, 2)
    optimizer = torch.optim.AdamW(network.parameters(), lr=4e-3)
    for step in range(60):
        inputs, truth = lessons.batch(np.random.default_rng(step))
        loss = F.binary_cross_entropy_with_logits(network(*inputs), truth)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()

    said = lessons.judged(network.eval(), "held_out")

    told, true = said.logits.argmax(dim=1).view(-1, 2), torch.from_numpy(said.truth).argmax(dim=1).view(-1, 2)
    differ = true[:, 0] != true[:, 1]
    assert int(differ.sum()) >= 10
    assert float((told == true)[differ].float().mean()) >= 0.9


def test_a_set_in_which_nobody_can_be_judged_is_refused() -> None:
    data = PAIRS.load(Sampling(4.0, 32), quiet)
    short = tuple(
        replace(one, pictures=one.pictures[:2], boxes=one.boxes[:2], labels=one.labels[:2]) for one in data.held_out
    )
    with pytest.raises(DataError, match=r"no held-out recording can be judged by: .* the longest of 1 lasts 0.5 s"):
        ActorLessons(replace(data, held_out=short), SPEC, Recipe(steps=2, batch=3, device="cpu"), Jitter())
