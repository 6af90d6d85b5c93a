"""Steps out of noisy recognition."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from streamer.decoder import StepDecoder, StepModel
from streamer.procedure.experience import Priors, Recording, experience

RATE = 1.0


def work(*runs: tuple[int, int]) -> NDArray[np.int64]:
    return np.concatenate([np.full(count, step) for step, count in runs]).astype(np.int64)


def videos() -> list[Recording]:
    """Three steps in a row, each of which is taken for the next one now and then."""
    found = []
    for seed in range(6):
        random = np.random.default_rng(seed)
        true = work((0, 20 + seed), (1, 30 - seed), (2, 15 + seed))
        found.append((np.where(random.random(len(true)) < 0.3, (true + 1) % 3, true), true))
    return found


@pytest.fixture
def model() -> StepModel:
    return experience(videos()[1:], 3, RATE, Priors(recognized_s=10, confused_s=2))


def decoded(model: StepModel, said: NDArray[np.int64], lag: int, blind: tuple[int, int] = (0, 0)) -> NDArray[np.int64]:
    decoder = StepDecoder(model, 1.0, lag)
    ticks = [
        decoder.push(None if blind[0] <= n < blind[1] else model.seen[:, label])
        for n, label in enumerate(said.tolist())
    ]
    assert [tick is None for tick in ticks] == [n < lag for n in range(len(said))]
    return np.array([one for one in ticks if one is not None] + decoder.finish())


@pytest.mark.parametrize("lag", [0, 5, 1000])
def test_decoded_steps_are_nearer_to_the_truth_than_what_was_recognized(model: StepModel, lag: int) -> None:
    said, true = videos()[0]
    found = decoded(model, said, lag)
    assert (said == true).mean() < 0.8
    assert (found == true).mean() > 0.9
    if lag:
        assert [int(one) for one in found[np.flatnonzero(np.diff(found, prepend=-1))]] == [0, 1, 2]


def test_what_could_not_be_seen_is_filled_in_by_what_is_known_of_the_work(model: StepModel) -> None:
    _, true = videos()[0]
    found = decoded(model, true, 1000, blind=(15, 55))
    assert set(found[15:55].tolist()) == {0, 1, 2}
    assert sorted(found.tolist()) == found.tolist()


def test_steps_are_done_with_a_probability(model: StepModel) -> None:
    decoder = StepDecoder(model, 1.0, 5)
    assert decoder.finish() == []
    for label in work((0, 20), (1, 28)).tolist():
        decoder.push(model.seen[:, label])
    first, second, last = decoder.probability_done()
    assert first > 0.99
    assert second < 0.5
    assert last < 0.01


def test_the_beam_need_not_be_wide(model: StepModel) -> None:
    said, true = videos()[0]
    narrow = StepDecoder(model, 1.0, 5, beam=20)
    ticks = [narrow.push(model.seen[:, label]) for label in said.tolist()]
    found = np.array([one for one in ticks if one is not None] + narrow.finish())
    assert (found == true).mean() > 0.85
