"""What agreement is: clip by clip, event by event, whoever answers first."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recognizers.prediction import Prediction
from streamer.comparison import MOST_PAIRS, Comparison
from streamer.event import ActionEvent, Phase
from streamer.testing.messages import action_event

LABELS = tuple(f"label{n}" for n in range(12))


class Counts:
    def __init__(self) -> None:
        self.pairs: Counter[tuple[str, str]] = Counter()
        self.events: Counter[str] = Counter()

    def compared(self, recognizer: str, live: str, shadow: str) -> None:
        self.pairs[live, shadow] += 1

    def shadow_event(self, recognizer: str, kind: str, action: str, phase: str) -> None:
        self.events[kind] += 1


def says(label: int, end: float = 1.0, epoch: int = 1) -> Prediction:
    return Prediction("cam", "bench", epoch, 0, end - 1, end, 100.0, 99.0, np.eye(12, dtype=np.float32)[label])


def comparison(apart_s: float = 1e-6) -> tuple[Comparison, Counts]:
    counts = Counts()
    return Comparison("net", LABELS, LABELS, apart_s, counts), counts


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2), st.booleans()), max_size=40))
def test_every_clip_that_both_answered_is_compared_once_whoever_was_first(said: list[tuple[int, int, bool]]) -> None:
    both, counts = comparison()
    for end, (live, shadow, shadow_first) in enumerate(said):
        tell = [lambda e=end, n=live: both.live(says(n, e), ()), lambda e=end, n=shadow: both.shadow(says(n, e), ())]
        assert [bool(one()) for one in (reversed(tell) if shadow_first else tell)] == [False, live != shadow]
    assert (both.clips, both.agreed) == (len(said), sum(live == shadow for live, shadow, _ in said))
    assert counts.pairs == Counter((LABELS[live], LABELS[shadow]) for live, shadow, _ in said)


def test_what_only_one_answered_is_not_compared() -> None:
    both, _ = comparison()
    both.live(says(1, 1.0), ())
    both.shadow(says(1, 2.0), ())
    both.shadow(says(1, 1.0, epoch=2), ())
    both.shadow(replace(says(1, 1.0), scores=np.full(12, np.nan, np.float32)), ())
    assert (both.clips, both.report()["agreement"]) == (0, None)
    both.shadow(says(1, 1.0), ())
    assert both.report()["agreement"] == 1.0


def test_clips_that_are_cut_otherwise_are_compared_with_the_nearest_one() -> None:
    both, counts = comparison(apart_s=0.5)
    for end, label in ((1.0, 1), (1.9, 2), (3.0, 3)):
        both.live(says(label, end), ())
    both.shadow(says(2, 2.0), ())
    both.shadow(says(2, 4.0), ())
    assert counts.pairs == {("label2", "label2"): 1}


def test_pairs_of_labels_are_bounded() -> None:
    both, counts = comparison()
    for end, (live, shadow) in enumerate((a, b) for a in range(12) for b in range(12)):
        both.live(says(live, end), ())
        both.shadow(says(shadow, end), ())
    assert len([pair for pair in counts.pairs if pair[0] != pair[1]]) == MOST_PAIRS + 1
    assert sum(counts.pairs.values()) == 144
    disagreements = both.report()["disagreements"]
    assert isinstance(disagreements, list)
    assert len(disagreements) == 10


@pytest.mark.parametrize(("apart_s", "matched"), [(0.0, 1), (0.9, 1), (1.1, 0)])
def test_events_match_within_a_second_and_each_only_once(apart_s: float, matched: int) -> None:
    both, counts = comparison()

    def event(at: float) -> ActionEvent:
        return replace(action_event(), at=action_event().at + at)

    both.live(says(0, 1.0), [event(0.0)])
    both.shadow(says(0, 1.0), [event(apart_s)])
    both.shadow(says(0, 2.0), [event(apart_s), replace(event(0.0), phase=Phase.ENDED), replace(event(0.0), action="x")])
    assert counts.events == Counter({"live": 1, "shadow": 4}) + Counter({"matched": matched})
