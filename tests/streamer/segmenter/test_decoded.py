"""Actions out of scores that flicker, decoded two seconds late. Scores come every quarter of a second."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from recognizers.prediction import Prediction
from streamer.event import ActionEvent, Phase, Reason
from streamer.segmenter import Decoding, EventRule, Segmenter

LABELS = ("idle", "tighten", "loosen")
TICK_S = 0.25
SCORES = {"i": (0.8, 0.1, 0.1), "t": (0.1, 0.8, 0.1), "l": (0.1, 0.1, 0.8), "?": (0.34, 0.33, 0.33)}


def predictions(said: str, since_s: float = 0.0) -> Iterator[Prediction]:
    """A letter a tick: what scores best; `?`: nothing does; `.`: no answer."""
    for n, letter in enumerate(said):
        at = since_s + n * TICK_S
        if letter != ".":
            scores = np.array(SCORES[letter], np.float32)
            yield Prediction("cam", "bench", 1, n, at - 2, at, 1000 + at, 1000, scores)


def decoding(**given: float) -> Decoding:
    return Decoding(TICK_S, **{"lag_s": 2.0, "typical_s": 3.0, "between_s": 3.0, "looks_per_s": 4.0, **given})


def run(said: str, rule: EventRule | None = None, how: Decoding | None = None) -> list[ActionEvent]:
    segmenter = Segmenter(LABELS, "idle", {"default": rule or EventRule()}, decoding=how or decoding())
    events = [event for prediction in predictions(said) for event in segmenter.observe(prediction)]
    return events + segmenter.close(Reason.SOURCE_ENDED)


def brief(events: list[ActionEvent]) -> list[tuple[str, str, float]]:
    return [(event.action, str(event.phase), event.at - 1000) for event in events]


CLEAN = "i" * 12 + "t" * 16 + "i" * 12


@pytest.mark.parametrize(
    "said", [CLEAN, "i" * 12 + "tttittttlttttitt" + "i" * 12, "i" * 12 + "ttt???ttt....ttt" + "i" * 12]
)
def test_flicker_and_what_was_not_seen_make_no_events(said: str) -> None:
    assert brief(run(said)) == [("tighten", "started", 3.0), ("tighten", "ended", 7.0)]


def test_a_flash_is_nothing() -> None:
    assert run("i" * 12 + "t" + "i" * 12) == []


def test_a_moment_is_decided_by_the_lag_later() -> None:
    started, ended = run(CLEAN + "i" * 8)

    assert started.decided_at - started.at == 2.0
    assert ended.decided_at - ended.at == 2.0
    assert ended.reason is Reason.COMPLETED


def test_what_is_not_decided_when_the_epoch_ends_is_decided_then() -> None:
    assert brief(run("i" * 12 + "t" * 6)) == [("tighten", "started", 3.0), ("tighten", "ended", 4.25)]


def test_one_follows_another_without_a_pause() -> None:
    assert brief(run("t" * 12 + "l" * 12)) == [
        ("tighten", "started", 0.0), ("tighten", "ended", 3.0), ("loosen", "started", 3.0), ("loosen", "ended", 5.75),
    ]  # fmt: skip


def test_what_usually_takes_long_is_not_broken_up() -> None:
    said = "t" * 12 + "iii" + "t" * 12
    long, short = EventRule(typical_s=30.0), EventRule(typical_s=1.0)

    assert len(run(said, long, decoding(looks_per_s=2.0, between_s=10.0))) == 2
    assert len(run(said, short, decoding(looks_per_s=6.0, between_s=0.5))) == 4


def test_a_score_is_the_mean_of_the_action() -> None:
    started, ended = run(CLEAN)

    assert started.score > 0.5
    assert ended.score == pytest.approx(0.8)


def test_what_is_too_long_is_ended_until_something_else_is_recognized() -> None:
    events = run("t" * 40 + "i" * 12 + "t" * 12, EventRule(max_s=5.0))

    assert brief(events)[:3] == [("tighten", "started", 0.0), ("tighten", "ended", 5.0), ("tighten", "started", 13.0)]
    assert events[1].reason is Reason.TOO_LONG


def test_an_action_goes_on_with_another_network_that_knows_it() -> None:
    segmenter = Segmenter(LABELS, "idle", {"default": EventRule()}, decoding=decoding())
    events = [event for prediction in predictions("t" * 12) for event in segmenter.observe(prediction)]
    events += segmenter.relabel(("loosen", "tighten", "idle"), "idle", {"default": EventRule()})
    for prediction in predictions("t" * 12, since_s=3.0):
        events += segmenter.observe(prediction)
    assert brief(events) == [("tighten", "started", 0.0)]

    (ended,) = segmenter.relabel(("idle", "loosen"), "idle", {"default": EventRule()})
    assert (ended.phase, ended.reason) == (Phase.ENDED, Reason.MODEL_CHANGED)


def test_after_a_long_time_without_answers_what_comes_next_decides() -> None:
    segmenter = Segmenter(LABELS, "idle", {"default": EventRule()}, decoding=decoding())
    events = [event for prediction in predictions("t" * 12) for event in segmenter.observe(prediction)]
    for prediction in predictions("i" * 12, since_s=500.0):
        events += segmenter.observe(prediction)
    started, ended = brief(events)
    assert started == ("tighten", "started", 0.0)
    assert 3.0 < ended[2] <= 500.0


def test_answers_that_come_more_often_than_ticks_count_once() -> None:
    segmenter = Segmenter(LABELS, "idle", {"default": EventRule()}, decoding=decoding(lag_s=0.0))
    (often,) = predictions("t", since_s=0.05)
    first = segmenter.observe(next(predictions("t")))
    assert [event.phase for event in first] == [Phase.STARTED]
    assert segmenter.observe(often) == []
