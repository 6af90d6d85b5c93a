"""From logits to figures, by hand."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from recognizers.card import Abstain
from recognizers.metrics.calibration import top_label_error
from recognizers.validation.figures import Said, figures, scores
from tests.recognizers.networks import says

CARD = says(("none", "pick", "place"))


def said(actions: tuple[str, ...], *views: list[float]) -> Said:
    """`views`: scores, of which the logits are the logarithm."""
    return Said("a", "g", actions, torch.tensor(views).log())


SHOWN = [
    said(("pick",), [0.1, 0.8, 0.1], [0.1, 0.4, 0.5]),
    said(("place",), [0.2, 0.6, 0.2], [0.2, 0.1, 0.7]),
    said((), [0.5, 0.3, 0.2]),
    said(("place",), [0.1, 0.6, 0.3]),
]


def test_scores_of_views_are_averaged() -> None:
    given = scores(SHOWN[:2], CARD)
    assert given.tolist() == [pytest.approx([0.1, 0.6, 0.3], abs=1e-6), pytest.approx([0.2, 0.35, 0.45], abs=1e-6)]


def test_where_each_label_is_scored_by_itself_the_surest_view_counts() -> None:
    card = replace(CARD, multilabel=True)
    one = Said("a", "g", (), torch.tensor([[0.0, 2.0, -1.0], [1.0, -1.0, -1.0]]))
    assert scores([one], card)[0].tolist() == pytest.approx(torch.tensor([1.0, 2.0, -1.0]).sigmoid().tolist())


def test_figures_of_one_label_by_hand() -> None:
    told = figures(SHOWN, CARD)

    assert (told["videos"], told["top1"], told["top5"]) == (4, 0.75, 1.0)
    assert told["recall"] == {"none": 1.0, "pick": 1.0, "place": 0.5}
    assert told["precision"] == {"none": 1.0, "pick": 0.5, "place": 1.0}
    assert told["confusion"] == [[1, 0, 0], [0, 1, 0], [0, 1, 1]]
    assert told["nll"] == pytest.approx(-np.mean(np.log([0.6, 0.45, 0.5, 0.3])), abs=1e-4)
    assert told["ece"] == told["ece_before"]


def test_what_must_be_an_action_is_judged_without_the_background_and_without_abstaining() -> None:
    unsure = [*SHOWN[:2], said(("place",), [0.8, 0.05, 0.15]), said((), [0.1, 0.6, 0.3])]

    told = figures(unsure, replace(CARD, abstain=Abstain("max_logit", 1e9)))

    assert told["top1"] == 0.25
    assert told["top1_actions"] == 1.0
    assert figures(SHOWN, CARD)["top1_actions"] == pytest.approx(2 / 3, abs=1e-4)
    assert figures([SHOWN[2]], CARD)["top1_actions"] is None


def test_temperature_shows_in_the_calibration_and_nowhere_else() -> None:
    plain, cold = figures(SHOWN, CARD), figures(SHOWN, replace(CARD, temperature=4.0))

    assert (cold["top1"], cold["ece_before"], cold["nll_before"]) == (plain["top1"], plain["ece"], plain["nll"])
    averaged = scores(SHOWN, replace(CARD, temperature=4.0))
    assert cold["ece"] == pytest.approx(top_label_error(averaged, np.array([1, 2, 0, 2])), abs=1e-4) != plain["ece"]


def test_what_is_abstained_from_is_wrong_and_its_calibration_is_that_before() -> None:
    """Of the second, the largest logit is log 0.54; the first is known, and taken for another action."""
    card = replace(CARD, abstain=Abstain("max_logit", math.log(0.55)))
    told = figures([SHOWN[3], said(("pick",), [0.1, 0.54, 0.36])], card)

    assert (told["top1"], told["recall"]) == (0.0, {"pick": 0.0, "place": 0.0})
    assert told["nll"] == pytest.approx(-np.mean(np.log([0.3, 0.54])), abs=1e-4)


def test_what_the_network_does_not_know_counts_for_the_open_set_alone() -> None:
    told = figures([*SHOWN, said(("dance",), [0.34, 0.33, 0.33])], CARD)

    assert (told["videos"], told["unknown_videos"]) == (4, 2)
    # the best actions of what is known have 0.6, 0.45 and 0.6; of the unknown, 0.3 and 0.33
    assert (told["auroc"], told["fpr95"]) == (1.0, 0.0)
    # largest logits, averaged over views: pick (log .8 + log .5) / 2, place (log .6 + log .7) / 2 and log .6; the
    # unknown log .5 and log .34
    assert told["auroc_by"]["max_logit"] == 1.0


def test_a_sure_background_is_no_action() -> None:
    """The largest logit is that of the background, and as large as any."""
    told = figures([*SHOWN[:2], said((), [0.98, 0.01, 0.01])], CARD)

    assert (told["auroc"], told["auroc_by"]["max_logit"]) == (1.0, 0.0)


def test_figures_of_several_labels_leave_the_background_out() -> None:
    card = replace(CARD, multilabel=True)
    shown = [
        Said("a", "g", ("pick", "place"), torch.tensor([[-9.0, 3.0, 1.0]])),
        Said("b", "g", ("place",), torch.tensor([[-9.0, 2.0, 2.0]])),
        Said("c", "g", (), torch.tensor([[9.0, 9.0, 9.0]])),
        Said("d", "g", ("pick",), torch.tensor([[-9.0, 1.0, 3.0]])),
    ]

    told = figures(shown, card)

    # pick: a, b, d are right, wrong, right; place: d, b, a are wrong, right, right; c has no label and comes last
    assert told["average_precision"] == {"pick": 0.8333, "place": pytest.approx((1 / 2 + 2 / 3) / 2, abs=1e-4)}
    assert told["map"] == pytest.approx((5 / 6 + 7 / 12) / 2, abs=1e-4)
    assert told["weighted_map"] == pytest.approx((5 / 6 + 7 / 12) / 2, abs=1e-4)
    assert "confusion" not in told
