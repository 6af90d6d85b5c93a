"""Averaged scores are the mean of the last ones, of clips that follow each other."""

from __future__ import annotations

import numpy as np
import pytest

from recognizers.clip import Clip
from recognizers.runtimes.averaged import AveragedRecognizer
from streamer.testing.recognizers import CountingRecognizer
from tests.recognizers.pictures import clips, follow, pictures

SPEC = CountingRecognizer.spec


def shown(count: int, epoch: int = 1, first: int = 0) -> list[Clip]:
    return clips(pictures(count + SPEC.frames - 1), SPEC, epoch=epoch, first=first)


def seen(*counts: int) -> float:
    """The mean of what a `CountingRecognizer` says after so many clips."""
    return float(np.mean([count / (1 + count) for count in counts]))


def picks(clips_shown: list[Clip], average: int = 3) -> list[float]:
    said, _ = follow(AveragedRecognizer(CountingRecognizer(), average), clips_shown)
    return [float(one.scores[1]) for one in said]


def test_each_answer_is_the_mean_of_the_last_few() -> None:
    assert picks(shown(5)) == pytest.approx([seen(1), seen(1, 2), seen(1, 2, 3), seen(2, 3, 4), seen(3, 4, 5)])


@pytest.mark.parametrize(("epoch", "first"), [(2, 0), (2, 3), (1, 4)], ids=["restart", "epoch", "gap"])
def test_a_jump_begins_anew(epoch: int, first: int) -> None:
    assert picks([*shown(3), *shown(1, epoch, first)])[-1] == pytest.approx(seen(1))


def test_scores_are_averaged_and_the_header_is_the_clips_own() -> None:
    film = shown(3)
    said, _ = follow(AveragedRecognizer(CountingRecognizer(), 2), film)

    assert [(one.start, one.end, one.index) for one in said] == [(one.start, one.end, one.index) for one in film]
    assert said[-1].scores.dtype == np.float32


def test_a_recognizer_that_is_not_warm_yet_adds_nothing() -> None:
    recognizer, states = AveragedRecognizer(CountingRecognizer(warm_up=2), 3), [None]
    answers = []
    for clip in shown(4):
        ((prediction, state),) = recognizer.recognize([clip], states)
        states = [state]
        answers.append(None if prediction is None else float(prediction.scores[1]))

    assert answers[:2] == [None, None]
    assert answers[2:] == pytest.approx([seen(3), seen(3, 4)])


def test_an_answer_that_is_no_number_says_nothing_and_spoils_no_other() -> None:
    inner = CountingRecognizer()
    inner.senseless = {("cam", 1)}
    said, _ = follow(AveragedRecognizer(inner, 3), shown(4))

    assert [one.is_finite for one in said] == [True, False, True, True]
    assert [float(one.scores[1]) for one in said[2:]] == pytest.approx([seen(1, 3), seen(1, 3, 4)])


def test_streams_have_rings_of_their_own() -> None:
    recognizer = AveragedRecognizer(CountingRecognizer(), 3)
    (first, second), (other,) = shown(2), shown(1)
    ((_, state),) = recognizer.recognize([first], [None])

    (goes_on, _), (begins, _) = recognizer.recognize([second, other], [state, None])

    assert goes_on is not None
    assert begins is not None
    assert float(goes_on.scores[1]) == pytest.approx(seen(1, 2))
    assert float(begins.scores[1]) == pytest.approx(seen(1))
