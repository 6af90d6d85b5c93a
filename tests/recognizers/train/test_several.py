"""Laws of labels that do not exclude each other: from a list of clips to a recognizer that says both."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from recognizers.build import build_recognizer
from recognizers.checkpoint import save
from recognizers.clip import WHOLE_PICTURE, Clip, ClipSpec, Picture
from recognizers.data.sets import ClipListData, Sampling
from recognizers.data.windows import Jitter
from recognizers.errors import CheckpointMismatch, DataError
from recognizers.metrics.multilabel import average_precision
from recognizers.models.slowfast import SlowFastSize
from recognizers.train.build import training_plan
from recognizers.train.card import write_card
from recognizers.train.loop import train
from recognizers.train.plan import TrainingPlan
from recognizers.train.recipe import Recipe
from recognizers.train.validate import Answers, figures, fitted_temperature
from streamer.settings.training import TrainingSettings
from streamer.testing.film import write_film
from tests.recognizers.networks import says
from tests.recognizers.pictures import CRNN, card, random_network

TINY = SlowFastSize(frames=4, alpha=2, beta_inv=2, width=4, depths=(1, 1, 1, 1), fusion_kernel=3)


def quiet(what: str, done: int, of: int) -> None:
    assert 0 < done <= of, what


def lights(*lit: str) -> Picture:
    """A dark picture, bright above or below."""
    picture = np.full((48, 48, 3), 30, np.uint8)
    picture[:20] = 220 if "above" in lit else 30
    picture[28:] = 220 if "below" in lit else 30
    return picture


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Clips of two lights, each on or off, in six rooms."""
    rows = ["path,label,group"]
    for group in "abcdef":
        for number, label in enumerate(("above", "below", "below; above" if group < "d" else "above;below", "")):
            path = write_film(tmp_path / f"{number}{group}.mp4", [lights(*label.replace(" ", "").split(";"))] * 12, 8)
            rows.append(f"{path.name},{label},{group}")
    (tmp_path / "clips.csv").write_text("\n".join(rows))
    return tmp_path


def plan_of(folder: Path, multilabel: bool = True) -> TrainingPlan:
    return TrainingPlan(
        kind="slowfast",
        size=TINY,
        spec=ClipSpec(4, 0.125, 0.25, 32),
        crop_px=32,
        data=ClipListData(folder, (), elsewhere=0),
        recipe=Recipe(steps=60, batch=12, rate=5e-3, device="cpu"),
        jitter=Jitter(),
        out=folder / "out.safetensors",
        multilabel=multilabel,
    )


def test_a_clip_of_several_actions_is_true_of_each_whatever_their_order(folder: Path) -> None:
    data = ClipListData(folder, (), elsewhere=0).load(Sampling(8.0, 32), quiet)

    assert data.labels == ("background", "above", "below")
    assert data.classes == ((0,), (1,), (1, 2), (2,))
    shown = np.concatenate([track.labels for track in data.held_out if track.group == "group c"])
    assert set(map(tuple, data.truth(np.unique(shown)))) == {(1, 0, 0), (0, 1, 0), (0, 1, 1), (0, 0, 1)}


def test_what_was_trained_says_both_where_both_are_and_nothing_where_nothing_is(folder: Path) -> None:
    plan = plan_of(folder)
    its_card = train(plan, quiet, lambda _: None)
    recognizer = build_recognizer("slowfast", plan.out, {})

    def said(*lit: str) -> set[str]:
        shown = Clip("cam", "bench", 1, 0, 0, 0.375, 1000, 999.6, WHOLE_PICTURE, 1.0, (lights(*lit),) * 4)
        ((prediction, _),) = recognizer.recognize([shown], [None])
        assert prediction is not None
        return {label for label, score in zip(recognizer.labels, prediction.scores, strict=True) if score > 0.5}

    assert said("above", "below") == {"above", "below"}
    assert said("above") == {"above"}
    assert said() == {"background"}
    assert its_card.multilabel
    held_out = its_card.trained["held_out"]
    assert held_out["map"] > 0.9
    text = write_card(plan.out, its_card).read_text()
    assert f"{held_out['map']:.1%} mean average precision" in text
    assert "scores each by itself" in text


def test_a_network_that_says_one_label_at_a_time_cannot_learn_of_several(folder: Path) -> None:
    with pytest.raises(DataError, match=r"set network\.multilabel: true"):
        train(plan_of(folder, multilabel=False), quiet, lambda _: None)


def test_a_kind_that_says_one_label_at_a_time_is_refused(tmp_path: Path) -> None:
    network = {"kind": "crnn", "multilabel": True}
    settings = TrainingSettings.model_validate({"out": "x.safetensors", "network": network, "data": {"work_cell": {}}})
    with pytest.raises(DataError, match="a crnn says one label at a time"):
        training_plan(settings.model_dump())

    save(tmp_path / "net", replace(card("crnn", CRNN), multilabel=True), random_network("crnn", CRNN).state_dict())
    with pytest.raises(CheckpointMismatch, match="a crnn says one label at a time"):
        build_recognizer("crnn", tmp_path / "net", {})


def test_the_temperature_makes_scores_of_single_labels_honest() -> None:
    rng = np.random.default_rng(3)
    truth = (rng.random((4000, 2)) < 0.5).astype(np.float32)
    said = np.where(rng.random(truth.shape) < 0.8, truth, 1 - truth)
    answers = Answers(torch.from_numpy(said * 12 - 6).float(), truth)

    temperature = fitted_temperature(answers)

    assert temperature == pytest.approx(6 / np.log(4), rel=0.05)
    assert figures(answers, says(("one", "other"), temperature, multilabel=True))["ece"] < 0.03  # type: ignore[operator]
    assert figures(answers, says(("one", "other"), 1.0, multilabel=True))["ece"] > 0.15  # type: ignore[operator]


def test_average_precision_is_counted_as_charades_does() -> None:
    scores, truth = np.array([0.9, 0.8, 0.7, 0.6], np.float32), np.array([1, 0, 1, 0], np.float32)

    assert average_precision(scores, truth) == pytest.approx((1 / 1 + 2 / 3) / 2)


def test_labels_that_are_never_true_are_left_out_of_the_mean() -> None:
    answers = Answers(torch.tensor([[2.0, -1, 0], [-2.0, 1, 0]]), np.array([[1, 0, 0], [1, 1, 0]], np.float32))
    counted = figures(answers, says(("a", "b", "c"), 1.0, multilabel=True))

    assert counted["average_precision"] == {"a": 1.0, "b": 1.0}
    assert (counted["map"], counted["clips"]) == (1.0, 2)
