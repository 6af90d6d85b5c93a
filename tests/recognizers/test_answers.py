"""From logits to scores: calibrated, nothing where a network does not know, no number where it failed."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from recognizers.build import build_recognizer
from recognizers.card import Abstain, Card
from recognizers.runtimes.answers import answers, scores_of
from tests.recognizers.networks import card
from tests.recognizers.pictures import SINGLE_FRAME, clips, follow, pictures, write

LOGITS = torch.tensor([[1.0, 9.0, 3.0], [0.5, 2.0, 1.0], [9.0, 1.0, 1.0]])
"""Of three clips: sure of `pick`, sure of nothing, sure of `idle`."""
NOTHING = torch.tensor([1.0, 0.0, 0.0])


def its(**fields: object) -> Card:
    return replace(card(), temperature=1.0, **fields)  # type: ignore[arg-type]


def test_scores_are_calibrated() -> None:
    assert torch.equal(scores_of(LOGITS, its()), LOGITS.softmax(dim=1))
    assert torch.equal(scores_of(LOGITS, card()), (LOGITS / 8).softmax(dim=1))
    assert torch.equal(scores_of(LOGITS, its(multilabel=True)), LOGITS.sigmoid())


@pytest.mark.parametrize("multilabel", [False, True])
@pytest.mark.parametrize(
    ("by", "threshold"),
    [("max_logit", 2.1), ("max_logit", 8.9), ("energy", 2.6), ("energy", 9.0)],
)
def test_what_it_does_not_know_is_background_and_nothing_else(by: str, threshold: float, multilabel: bool) -> None:
    plain = scores_of(LOGITS, its(multilabel=multilabel))
    said = scores_of(LOGITS, its(multilabel=multilabel, abstain=Abstain(by, threshold)))

    assert torch.equal(said[1], NOTHING)
    assert torch.equal(said[[0, 2]], plain[[0, 2]])


@pytest.mark.parametrize("multilabel", [False, True])
def test_a_certain_answer_is_one_however_large_its_logits_are(multilabel: bool) -> None:
    """Divided by a temperature below 1, they would be beyond all numbers, and an answer none."""
    logits = torch.tensor([[-3.3e38, 3.3e38, 3.2e38], [3.3e38, -3.3e38, -3.3e38]])
    said = scores_of(logits, replace(its(multilabel=multilabel), temperature=0.5))
    assert said.tolist() == [[0, 1, 1 if multilabel else 0], [1, 0, 0]]


def test_at_the_threshold_it_speaks() -> None:
    assert torch.equal(scores_of(LOGITS, its(abstain=Abstain("max_logit", 2.0))), LOGITS.softmax(dim=1))


def test_the_energy_is_taken_at_the_cards_temperature() -> None:
    energies = [-8 * math.log(sum(math.exp(logit / 8) for logit in row)) for row in LOGITS.tolist()]
    between = -(energies[0] + energies[2]) / 2
    said = scores_of(LOGITS, replace(card(), abstain=Abstain("energy", between)))

    assert [torch.equal(row, NOTHING) for row in said] == [-energy < between for energy in energies]
    assert [torch.equal(row, NOTHING) for row in said] == [False, True, True]


@pytest.mark.parametrize("number", [torch.nan, torch.inf, -torch.inf])
@pytest.mark.parametrize("abstain", [None, Abstain("max_logit", 5.0), Abstain("energy", 5.0)], ids=str)
@pytest.mark.parametrize("multilabel", [False, True])
def test_a_logit_that_is_no_number_makes_no_score_one(number: float, abstain: Abstain | None, multilabel: bool) -> None:
    logits = LOGITS.clone()
    logits[0, 2] = number
    its_card = its(abstain=abstain, multilabel=multilabel)

    said = scores_of(logits, its_card)

    assert said[0].isnan().all()
    assert torch.equal(said[1:], scores_of(LOGITS, its_card)[1:])


def test_what_failed_leaves_no_state_and_a_neighbour_keeps_its_own() -> None:
    film = clips(pictures(8), its().spec)[:1] * 3
    logits: Tensor = LOGITS.clone()
    logits[1] = torch.nan

    given = answers(film, logits, its(), ["a", "b", "c"])

    assert [state for _, state in given] == ["a", None, "c"]
    assert [prediction.is_finite for prediction, _ in given if prediction is not None] == [True, False, True]


@pytest.mark.parametrize(("threshold", "abstains"), [(1e6, True), (-1e6, False)])
def test_a_recognizer_abstains_as_it_is_told_to(tmp_path_factory, threshold: float, abstains: bool) -> None:  # type: ignore[no-untyped-def]
    path = write(tmp_path_factory.mktemp("net") / "random.safetensors", "single_frame", SINGLE_FRAME)
    recognizer = build_recognizer("single_frame", path, {"abstain": Abstain("max_logit", threshold)})
    plain = build_recognizer("single_frame", path, {})
    film = clips(pictures(recognizer.spec.frames), recognizer.spec)

    (said,), _ = follow(recognizer, film)
    (wanted,), _ = follow(plain, film)

    nothing = np.array([label == recognizer.background for label in recognizer.labels], np.float32)
    np.testing.assert_array_equal(said.scores, nothing if abstains else wanted.scores)
