"""What is usual is of the calibration's clips, and its limits of how far other people's are from them."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from recognizers.card import Abstain, Usual, read_card
from recognizers.checkpoint import save
from recognizers.runtimes.answers import answers, distance_of
from recognizers.spread import BINS, instability, shares, spread
from recognizers.train.usual import LEAST_CLIPS, MOST_LABELS, usual_of
from recognizers.train.validate import Answers
from tests.recognizers.networks import card
from tests.recognizers.pictures import clips, pictures

CARD = replace(card(), temperature=1.0)


def said(clips: int, sure: float, seed: int) -> Answers:
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, len(CARD.labels), clips)
    logits = rng.normal(0, 1, (clips, len(CARD.labels)))
    logits[np.arange(clips), truth] += sure
    return Answers(torch.tensor(logits, dtype=torch.float32), truth)


def test_a_card_says_how_scores_spread_and_what_is_familiar() -> None:
    usual = usual_of(said(2000, 4, 1), said(2000, 4, 2), CARD)
    assert usual is not None
    assert np.array(usual.scores).shape == (len(CARD.labels), BINS)
    assert np.array(usual.scores).sum(axis=1) == pytest.approx(1, abs=1e-3)
    assert usual.limits == {"scores": 0.25, "unfamiliar": 0.15, "distant": 0.15}
    energy = torch.logsumexp(said(2000, 4, 1).logits, 1)
    assert float((energy < usual.familiar).float().mean()) == pytest.approx(0.05, abs=0.005)


def test_where_other_people_differ_much_the_limits_allow_for_it() -> None:
    usual = usual_of(said(2000, 6, 1), said(2000, 2, 2), CARD)
    assert usual is not None
    assert usual.limits["scores"] > 0.5
    assert usual.limits["unfamiliar"] > 0.3


def test_what_is_new_is_distant_even_where_it_is_known_well() -> None:
    """A clip with three times the logit of its label has more energy than any, and is like none."""
    given = said(2000, 4, 1)
    usual = usual_of(given, said(2000, 4, 2), CARD)
    assert usual is not None
    own, new = distance_of(given.logits, usual), distance_of(3 * given.logits, usual)
    assert own is not None
    assert new is not None
    assert float((own > usual.near).float().mean()) == pytest.approx(0.05, abs=0.005)
    assert float((new > usual.near).float().mean()) > 0.7


def test_a_distance_is_what_it_is_by_hand() -> None:
    usual = Usual(((1.0,), (1.0,)), 0.0, {}, ((0.0, 0.0), (4.0, 0.0)), (1.0, 2.0), 1.0)
    distances = distance_of(torch.tensor([[0.0, 0.0], [3.0, 2.0]]), usual)
    assert distances is not None
    assert distances.tolist() == [0.0, 1.0]


def test_of_very_many_labels_no_centres_are_told() -> None:
    names = tuple(map(str, range(MOST_LABELS + 1)))
    many = replace(CARD, labels=names, background="0")
    rng = np.random.default_rng(1)
    logits = torch.tensor(rng.normal(0, 1, (200, len(names))), dtype=torch.float32)
    given = Answers(logits, rng.integers(0, len(names), 200))
    usual = usual_of(given, given, many)
    assert usual is not None
    assert (usual.centres, distance_of(logits, usual)) == ((), None)


def test_a_network_that_abstains_says_how_often_that_is_usual() -> None:
    abstaining = replace(CARD, abstain=Abstain("max_logit", 3.0))
    usual = usual_of(said(2000, 4, 1), said(2000, 4, 2), abstaining)
    assert usual is not None
    share = float((said(2000, 4, 2).logits.amax(1) < 3).float().mean())
    assert usual.limits["abstained"] == pytest.approx(max(0.15, 2 * share), abs=1e-3)


def test_of_few_clips_nothing_is_usual() -> None:
    assert usual_of(said(LEAST_CLIPS - 1, 4, 1), said(2000, 4, 2), CARD) is None


def test_a_checkpoint_keeps_it_and_one_without_is_read_as_before(tmp_path: Path) -> None:
    usual = usual_of(said(500, 4, 1), said(500, 4, 2), CARD)
    save(tmp_path / "with", replace(CARD, usual=usual), {})
    assert read_card(tmp_path / "with").usual == usual
    fields = asdict(CARD)
    del fields["usual"]
    header = json.dumps({"__metadata__": {"takt.card": json.dumps(fields)}}).encode()
    (tmp_path / "without").write_bytes(len(header).to_bytes(8, "little") + header)
    assert read_card(tmp_path / "without").usual is None


def test_an_answer_says_how_well_its_clip_is_known_and_whether_it_abstained() -> None:
    logits = torch.tensor([[5.0, 0.0, 0.0], [1.0, 0.0, 0.0]])[:, : len(CARD.labels)]
    two = clips(pictures(30), CARD.spec)[:2]
    usual = Usual(tuple((1.0,) for _ in CARD.labels), 0.0, {})
    abstaining = replace(CARD, abstain=Abstain("max_logit", 3.0), usual=usual)
    known, unknown = (one for one, _ in answers(two, logits, abstaining, [None, None]))
    assert known is not None
    assert unknown is not None
    assert known.energy is not None
    assert unknown.energy is not None
    assert (known.abstained, unknown.abstained) == (False, True)
    assert (known.distance, unknown.distance) == (None, None)
    assert known.energy > unknown.energy


@given(st.lists(st.lists(st.integers(0, 50), min_size=BINS, max_size=BINS), min_size=2, max_size=4))
def test_a_spread_is_as_usual_where_it_is_the_same_whatever_the_mix(rows: list[list[int]]) -> None:
    counts = np.array(rows, float)
    mixed = counts * np.arange(1, len(rows) + 1)[:, None]
    far = instability(mixed, shares(counts))
    if counts.sum() == 0:
        assert far is None
    else:
        assert far == pytest.approx(0, abs=1e-9)


def test_instability_is_what_it_is_by_hand() -> None:
    seen, usual = np.zeros((1, BINS)), np.zeros((1, BINS))
    seen[0, :2], usual[0, :2] = (30, 70), (0.5, 0.5)
    assert instability(seen, usual) == pytest.approx(-0.2 * np.log(0.6) + 0.2 * np.log(1.4))


def test_a_best_score_of_one_lies_in_the_last_step() -> None:
    counted = spread(np.array([[1.0, 0.0], [0.05, 0.04]], np.float32))
    assert (counted[0, BINS - 1], counted[0, 0], counted.sum()) == (1, 1, 2)
