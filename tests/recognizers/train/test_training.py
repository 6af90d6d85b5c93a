"""Laws of training: the same seed gives the same network, killed or not; figures are what they say."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from recognizers.build import build_recognizer
from recognizers.card import Abstain
from recognizers.checkpoint import load
from recognizers.clip import ClipSpec
from recognizers.data.sets import WorkCellData
from recognizers.data.windows import Jitter
from recognizers.errors import DataError
from recognizers.metrics.calibration import top_label_error
from recognizers.models.slowfast import SlowFastSize
from recognizers.train import usual
from recognizers.train.augment import augmented
from recognizers.train.card import write_card
from recognizers.train.loop import Progress, rate_share, train
from recognizers.train.plan import TrainingPlan
from recognizers.train.recipe import Recipe
from recognizers.train.validate import Answers, figures, fitted_temperature, known_above
from tests.recognizers.networks import says
from tests.recognizers.pictures import clips, pictures

TINY = SlowFastSize(frames=4, alpha=2, beta_inv=2, width=4, depths=(1, 1, 1, 1), fusion_kernel=3)


@pytest.fixture
def plan(tmp_path: Path) -> TrainingPlan:
    return TrainingPlan(
        kind="slowfast",
        size=TINY,
        spec=ClipSpec(4, 0.25, 0.5, 32),
        crop_px=32,
        data=WorkCellData(seed=7, sessions=1, session_s=40.0, held_out=1, elsewhere=1),
        recipe=Recipe(steps=4, batch=3, save_every=2),
        jitter=Jitter(),
        out=tmp_path / "out.safetensors",
    )


def quiet(what: str, done: int, of: int) -> None:
    assert 0 < done <= of, what


class Killed(Exception):
    pass


def test_a_killed_training_goes_on_to_the_same_network(plan: TrainingPlan, tmp_path: Path) -> None:
    train(plan, quiet, lambda _: None)
    interrupted = replace(plan, out=tmp_path / "again.safetensors")

    def kill(progress: Progress) -> None:
        if progress.step == 3:
            raise Killed

    with pytest.raises(Killed):
        train(interrupted, quiet, kill)
    steps: list[int] = []
    train(interrupted, quiet, lambda progress: steps.append(progress.step))
    assert steps == [3, 4]
    one, other = load(plan.out)[1], load(interrupted.out)[1]
    assert all(torch.equal(one[name], other[name]) for name in one)
    assert not interrupted.out.with_suffix(".state").exists()


def test_what_another_training_left_is_not_gone_on_with(plan: TrainingPlan) -> None:
    def kill(progress: Progress) -> None:
        if progress.step == 2:
            raise Killed

    with pytest.raises(Killed):
        train(plan, quiet, kill)
    with pytest.raises(DataError, match="left by another training"):
        train(replace(plan, crop_px=40), quiet, lambda _: None)


def test_a_trained_checkpoint_is_a_recognizer_with_its_card(plan: TrainingPlan) -> None:
    card = train(plan, quiet, lambda _: None)
    recognizer = build_recognizer("slowfast", plan.out, {})
    assert recognizer.labels == card.labels
    assert recognizer.spec == plan.spec
    text = write_card(plan.out, card).read_text()
    assert all(label in text for label in card.labels)
    assert f"{card.trained['held_out']['top1']:.1%}" in text


def test_a_training_says_what_is_usual_and_the_recognizer_how_far_clips_are_from_it(
    plan: TrainingPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usual, "LEAST_CLIPS", 20)
    card = train(plan, quiet, lambda _: None)
    assert card.usual is not None
    assert {"scores", "unfamiliar", "distant"} <= set(card.usual.limits)
    recognizer = build_recognizer("slowfast", plan.out, {})
    ((said, _),) = recognizer.recognize(clips(pictures(40), recognizer.spec)[:1], [None])
    assert said is not None
    assert said.distance is not None
    assert said.distance > 0


def test_the_learning_rate_rises_and_falls() -> None:
    shares = [rate_share(step, 200) for step in range(200)]
    assert shares[0] == pytest.approx(0.1)
    assert max(shares) == shares[9] == 1.0
    assert shares[9:] == sorted(shares[9:], reverse=True)
    assert shares[-1] < 1e-3


def test_augmentation_changes_all_pictures_of_a_clip_alike() -> None:
    clip = np.full((1, 4, 40, 40, 3), 100, np.uint8)
    seen = augmented(clip, 32, Recipe(steps=1, flip=True, zoom=0.4), np.random.default_rng(1))
    assert seen.shape == (1, 3, 4, 32, 32)
    means = seen.mean(dim=(0, 1, 3, 4))
    assert float(means.std()) < 0.01


def test_temperature_makes_overconfident_scores_honest() -> None:
    rng = np.random.default_rng(3)
    truth = rng.integers(0, 2, 4000)
    said = np.where(rng.random(4000) < 0.8, truth, 1 - truth)
    logits = torch.zeros(4000, 2)
    logits[torch.arange(4000), torch.from_numpy(said)] = 6.0
    answers = Answers(logits, truth)
    temperature = fitted_temperature(answers)
    assert temperature == pytest.approx(6 / np.log(4), rel=0.05)
    assert figures(answers, says(("no", "yes"), temperature))["ece"] < 0.03
    assert figures(answers, says(("no", "yes"), 1.0))["ece"] > 0.15


def test_a_threshold_keeps_99_of_100_clips_of_the_actions() -> None:
    logits = torch.zeros(1000, 3)
    logits[:500, 1] = torch.linspace(1, 6, 500)
    truth = np.repeat([1, 0], 500)

    known = known_above(Answers(logits, truth), says(("no", "yes", "well")))

    assert known["max_logit"] == pytest.approx(1.05, abs=0.01)
    assert known["energy"] == pytest.approx(np.log(np.exp(1.05) + 2), abs=0.01)
    assert known_above(Answers(logits, np.zeros(1000, np.int64)), says(("no", "yes", "well"))) == {}
    several = np.zeros((1000, 3), np.float32)
    several[np.arange(1000), truth] = 1
    assert known_above(Answers(logits, several), says(("no", "yes", "well"))) == known


def test_figures_are_counted_right() -> None:
    logits = torch.tensor([[2.0, 0, 0], [0, 2.0, 0], [0, 2.0, 0], [0, 2.0, 0]])
    counted = figures(Answers(logits, np.array([0, 1, 1, 0])), says(("a", "b", "c"), 1.0))
    assert counted["top1"] == 0.75
    assert counted["recall"] == {"a": 0.5, "b": 1.0}
    assert counted["confusion"] == [[1, 1, 0], [0, 2, 0], [0, 0, 0]]


def test_so_many_clips_of_the_actions_are_called_unknown_as_may_be_lost() -> None:
    known = torch.tensor([[0.0, one] for one in range(1, 101)])
    none = torch.tensor([[500.0, 0.0], [0.0, 0.5]])
    answers = Answers(torch.cat((known, none)), np.array([1] * 100 + [0, 0]))
    below = known_above(answers, says(("none", "act")), lost=0.1)["max_logit"]
    card = says(("none", "act"), abstain=Abstain("max_logit", below))
    counted = figures(Answers(known, np.ones(100, np.int64)), card)

    assert counted["recall"] == {"act": 0.9}
    assert counted["confusion"] == [[0, 0], [10, 90]]


def test_calibration_error_of_perfect_and_of_hopeless_scores() -> None:
    sure = np.tile(np.array([[1.0, 0.0]], np.float32), (30, 1))
    assert top_label_error(sure, np.zeros(30, np.int64)) == 0
    assert top_label_error(sure, np.ones(30, np.int64)) == pytest.approx(1)
