"""A recurrent network that carries on is one pass over the whole stream, and forgets at every break."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
import torch

from recognizers.clip import Picture, Region
from recognizers.models.crnn import CrnnSize
from recognizers.nn.steps import mean_of_steps
from recognizers.runtimes.carried import CarriedRecognizer
from recognizers.transforms import normalised, square
from tests.recognizers.pictures import (
    CRNN,
    LSTM,
    Counting,
    card,
    clips,
    follow,
    pictures,
    plain_scores,
    random_network,
)


def carried(size: CrnnSize = CRNN, hop: int = 2) -> CarriedRecognizer:
    return CarriedRecognizer(random_network("crnn", size), card("crnn", size, hop), threads=1)


@torch.inference_mode()
def one_pass(size: CrnnSize, film: Sequence[Picture], hop: int) -> np.ndarray:
    """Scores at the end of each clip, of a recurrent network that saw all of the film in one go."""
    network, its = random_network("crnn", size), card("crnn", size)
    seen = normalised(square(film, its.crop_px)[None], its.mean, its.std)[0].transpose(0, 1)
    steps, _ = network.steps(network.features(seen)[None])
    counted = size.frames - size.cold
    ends = range(size.frames, len(film) + 1, hop)
    logits = torch.cat([mean_of_steps(steps[:, end - counted : end]) for end in ends])
    return torch.softmax(logits / its.temperature, 1).numpy()


@pytest.mark.parametrize("hop", [1, 2, 5])
@pytest.mark.parametrize("size", [CRNN, LSTM], ids=lambda size: size.cell)
def test_overlapping_clips_are_one_pass_over_the_stream(size: CrnnSize, hop: int) -> None:
    film = pictures(size.frames + 4 * hop)

    said, _ = follow(carried(size, hop), clips(film, card("crnn", size, hop).spec))

    np.testing.assert_allclose([one.scores for one in said], one_pass(size, film, hop), atol=1e-4)


def test_what_happened_before_the_clip_matters() -> None:
    recognizer, film = carried(), pictures(8)
    said, _ = follow(recognizer, clips(film, recognizer.spec))

    alone = plain_scores(random_network("crnn", CRNN), card("crnn", CRNN), film[2:])

    assert np.abs(said[1].scores - alone).max() > 1e-3


def test_the_first_clip_is_answered_as_by_the_plain_network() -> None:
    recognizer, film = carried(), pictures(6)
    ((said,), _) = follow(recognizer, clips(film, recognizer.spec))

    wanted = plain_scores(random_network("crnn", CRNN), card("crnn", CRNN), film)
    np.testing.assert_allclose(said.scores, wanted, atol=1e-4)


def test_a_slot_without_a_picture_of_its_own_is_a_step_but_not_a_look() -> None:
    recognizer = carried()
    look = recognizer._extractor._look = Counting(recognizer._extractor._look)
    film = pictures(10)
    film[6] = film[5]
    film[8] = film[9] = film[7]

    said, _ = follow(recognizer, clips(film, recognizer.spec))

    np.testing.assert_allclose([one.scores for one in said], one_pass(CRNN, film, 2), atol=1e-4)
    assert look.calls == [6, 1]


def test_each_picture_of_a_stream_is_looked_at_once() -> None:
    recognizer = carried()
    look = recognizer._extractor._look = Counting(recognizer._extractor._look)

    _, states = follow(recognizer, clips(pictures(14), recognizer.spec))

    assert look.calls == [6, 2, 2, 2, 2]
    assert {len(state.memory.shown) for state in states[1:]} == {2}
    assert {tuple(state.said.shape) for state in states} == {(4, 3)}


@pytest.mark.parametrize(
    "change", [{"epoch": 2}, {"index": 5}, {"region": Region(0, 0, 0.5, 1)}], ids=["epoch", "index", "region"]
)
def test_a_break_forgets(change: dict[str, object]) -> None:
    recognizer = carried()
    before, after = clips(pictures(8), recognizer.spec)
    after = replace(after, **change)

    (_, said), _ = follow(recognizer, [before, after])
    ((afresh,), _) = follow(recognizer, [after])

    np.testing.assert_allclose(said.scores, afresh.scores, atol=1e-5)


def test_a_state_that_is_no_number_is_not_carried_on() -> None:
    recognizer = carried()
    before, after = clips(pictures(8), recognizer.spec)
    ((_, state),) = recognizer.recognize([before], [None])
    broken = replace(state, hidden=state.hidden * float("nan"))

    ((said, left),) = recognizer.recognize([after], [broken])

    assert said is not None
    assert not said.is_finite
    assert left is None


def test_streams_at_different_places_do_not_mix() -> None:
    """In one batch: a stream that begins, and one that goes on."""
    recognizer = carried()
    begins, goes_on = clips(pictures(6, 1), recognizer.spec, "a")[0], clips(pictures(8, 2), recognizer.spec, "b")
    (_, alone), states = follow(recognizer, goes_on)
    ((first,), _) = follow(recognizer, [begins])

    (one, _), (other, _) = recognizer.recognize([begins, goes_on[1]], [None, states[0]])

    assert one is not None
    assert other is not None
    np.testing.assert_allclose(one.scores, first.scores, atol=1e-5)
    np.testing.assert_allclose(other.scores, alone.scores, atol=1e-5)
