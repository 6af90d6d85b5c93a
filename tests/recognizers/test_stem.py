"""The stem's memory saves work and changes no answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from recognizers.clip import WHOLE_PICTURE, Clip, Picture, Region
from recognizers.models.slowfast import SlowFast
from recognizers.recognizer import State
from recognizers.runtimes.folded import NOTHING_SEEN, FoldedSlowFast
from recognizers.runtimes.stem import FoldedStem, Seen
from recognizers.runtimes.windowed import WindowedRecognizer
from tests.recognizers.networks import TINY, card, random_slowfast

MEAN, STD = (0.45, 0.4, 0.35), (0.225, 0.25, 0.275)
FRAMES = 8
RNG = np.random.default_rng(0)
FILM: list[Picture] = [RNG.integers(0, 256, (16, 16, 3), np.uint8) for _ in range(64)]


class CountingStem(FoldedStem):
    """Says how many pictures were worked on."""

    worked_on: list[int]

    def added(self, pictures: Tensor) -> Tensor:
        self.worked_on.append(len(pictures))
        return super().added(pictures)


STEM = CountingStem(random_slowfast().fast_stem, MEAN, STD)


CAUSAL_AND_GREY = random_slowfast(replace(TINY, causal=True, fast_colours=1))


def stacked(pictures: Sequence[Picture]) -> Tensor:
    return torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2)


@pytest.mark.parametrize("hop", [1, 2, 3, 4, 7, 8, 9])
def test_overlapping_clips_cost_their_new_pictures_only(hop: int) -> None:
    seen: tuple[Seen, ...] = ()
    for first in range(0, 5 * hop, hop):
        STEM.worked_on = []
        clip = FILM[first : first + FRAMES]
        answer, seen = STEM.of_clip(stacked(clip), clip, seen, hop)

        assert sum(STEM.worked_on) == (FRAMES if first == 0 else min(hop, FRAMES))
        assert sum(len(part.pictures) for part in seen) == max(0, FRAMES - hop)
        torch.testing.assert_close(answer, STEM(stacked(clip)), atol=1e-5, rtol=1e-5)


@given(data=st.data(), hop=st.integers(1, FRAMES))
@settings(max_examples=50, deadline=None)
def test_whatever_a_clip_shows_memory_never_changes_the_answer(data: st.DataObject, hop: int) -> None:
    """Pictures shed, repeated, in another order: a clip may show anything."""
    STEM.worked_on, seen = [], ()
    for _ in range(4):
        clip = [FILM[place] for place in data.draw(st.lists(st.integers(0, 11), min_size=FRAMES, max_size=FRAMES))]
        answer, seen = STEM.of_clip(stacked(clip), clip, seen, hop)

        torch.testing.assert_close(answer, STEM(stacked(clip)), atol=1e-5, rtol=1e-5)


def test_an_equal_picture_is_not_taken_for_the_same() -> None:
    STEM.worked_on, clip = [], FILM[:FRAMES]
    _, seen = STEM.of_clip(stacked(clip), clip, (), 4)
    again = [picture.copy() for picture in clip]

    STEM.of_clip(stacked(again), again, seen, 4)

    assert sum(STEM.worked_on) == 2 * FRAMES


def test_what_was_seen_is_only_read() -> None:
    STEM.worked_on = []
    _, seen = STEM.of_clip(stacked(FILM[:FRAMES]), FILM[:FRAMES], (), 4)
    before = [part.added.clone() for part in seen]

    STEM.of_clip(stacked(FILM[4 : 4 + FRAMES]), FILM[4 : 4 + FRAMES], seen, 4)

    assert all(torch.equal(part.added, kept) for part, kept in zip(seen, before, strict=True))


@pytest.mark.parametrize("whole", [random_slowfast(), CAUSAL_AND_GREY], ids=["centred", "causal and grey"])
@pytest.mark.parametrize("hop", [1, 2, 4, 8])
def test_both_pathways_answer_as_without_memory(hop: int, whole: SlowFast) -> None:
    network, memory = FoldedSlowFast(whole, MEAN, STD), NOTHING_SEEN
    for first in range(0, 4 * hop, hop):
        clip = FILM[first : first + FRAMES]
        stems, memory = network.look(stacked(clip), clip, memory, hop)

        torch.testing.assert_close(network.decide([stems]), network(stacked(clip)[None]), atol=1e-5, rtol=1e-5)


def test_what_was_seen_in_one_region_says_nothing_of_another() -> None:
    recognizer = WindowedRecognizer(random_slowfast(), card(), threads=1)
    pictures = tuple(RNG.integers(0, 256, (48, 48, 3), np.uint8) for _ in range(TINY.frames))
    clip = Clip("cam", "bench", 1, 0, 0.0, 0.56, 1000.0, 999.44, WHOLE_PICTURE, 1.0, pictures)
    elsewhere = replace(clip, region=Region(0.0, 0.0, 0.5, 0.5))
    ((_, state),) = recognizer.recognize([clip], [None])

    def scores(state: State | None) -> np.ndarray:
        ((prediction, _),) = recognizer.recognize([elsewhere], [state])
        assert prediction is not None
        return prediction.scores

    np.testing.assert_array_equal(scores(state), scores(None))


def test_a_memory_says_nothing_of_its_pixels() -> None:
    STEM.worked_on = []
    _, seen = STEM.of_clip(stacked(FILM[:FRAMES]), FILM[:FRAMES], (), 4)

    assert isinstance(seen[0], Seen)
    assert len(repr(seen)) < 200
