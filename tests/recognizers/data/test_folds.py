"""Parts of few clips: no group is in two of them, and every label is learned and judged."""

from __future__ import annotations

import random

import pytest

from recognizers.data.folds import folds
from recognizers.errors import DataError


@pytest.mark.parametrize("seed", range(40))
def test_every_label_is_in_every_fold_and_no_group_in_two_unless_that_is_said(seed: int) -> None:
    rng = random.Random(seed)
    labels, people = ["tighten", "loosen", "inspect"], [f"person {n}" for n in range(rng.randint(1, 9))]
    clips = [(label, rng.choice(people)) for label in labels for _ in range(rng.randint(2, 12))]
    parted = folds(clips)
    assert 2 <= parted.count <= 3
    assert {(label, fold) for (label, _), fold in zip(clips, parted.of_clip, strict=True)} == {
        (label, fold) for label in labels for fold in range(parted.count)
    }
    for person in people:
        of_person = {
            fold
            for (label, group), fold in zip(clips, parted.of_clip, strict=True)
            if group == person and label not in parted.lone
        }
        assert len(of_person) <= 1


def test_a_single_clip_cannot_be_parted() -> None:
    with pytest.raises(DataError, match="there must be two"):
        folds([("a", "monday"), ("b", "monday"), ("b", "tuesday")])


def test_sessions_of_one_label_each_are_parted_by_session() -> None:
    clips = [(label, f"{label} {session}") for label in ("a", "b") for session in range(3) for _ in range(5)]
    parted = folds(clips)
    assert (parted.count, parted.lone) == (3, ())
    for label in ("a", "b"):
        assert (
            sorted(parted.of_clip[n] for n, clip in enumerate(clips) if clip[0] == label) == [0] * 5 + [1] * 5 + [2] * 5
        )


def test_one_session_is_parted_by_clip_and_said() -> None:
    parted = folds([("a", "monday")] * 6 + [("b", "monday")] * 6)
    assert parted.lone == ("a", "b")
    assert sorted(parted.of_clip[:6]) == [0, 0, 1, 1, 2, 2]


def test_two_groups_give_two_folds() -> None:
    parted = folds([(label, person) for label in ("a", "b") for person in ("anna", "ben") for _ in range(5)])
    assert parted.count == 2
    assert set(zip(["anna"] * 5 + ["ben"] * 5, parted.of_clip[:10], strict=True)) in (
        {("anna", 0), ("ben", 1)},
        {("anna", 1), ("ben", 0)},
    )


def test_the_same_clips_are_parted_the_same() -> None:
    clips = [("a", str(n % 4)) for n in range(12)] + [("b", str(n % 3)) for n in range(12)]
    assert folds(clips) == folds(clips)
