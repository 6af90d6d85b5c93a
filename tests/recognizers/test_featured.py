"""Pictures are looked at once, however many clips show them, and the answers are the plain network's."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recognizers.clip import Region
from recognizers.models.backbones import PictureSize
from recognizers.runtimes.featured import FeaturedRecognizer
from recognizers.runtimes.memory import Memory
from tests.recognizers.pictures import (
    CRNN,
    LSTM,
    SINGLE_FRAME,
    Counting,
    card,
    clips,
    follow,
    pictures,
    plain_scores,
    random_network,
)

LITE0 = PictureSize(frames=2, backbone="lite0")
NETWORKS = {
    "resnet": ("single_frame", SINGLE_FRAME),
    "lite0": ("single_frame", LITE0),
    "gru": ("crnn", CRNN),
    "lstm": ("crnn", LSTM),
}


@pytest.mark.parametrize("hop", [2, 7])
@pytest.mark.parametrize(("kind", "size"), NETWORKS.values(), ids=NETWORKS)
def test_every_clip_is_answered_as_by_the_plain_network(kind: str, size: PictureSize, hop: int) -> None:
    network, its = random_network(kind, size), card(kind, size, hop)
    shown = clips(pictures(size.frames + 2 * hop), its.spec)

    said, _ = follow(FeaturedRecognizer(network, its, threads=1), shown)

    wanted = [plain_scores(network, its, clip.pictures) for clip in shown]
    np.testing.assert_allclose([one.scores for one in said], wanted, atol=1e-4)
    assert np.std(wanted, axis=0).max() > 1e-3, "clips that all look alike show nothing"


def counting(hop: int = 2) -> tuple[FeaturedRecognizer, Counting]:
    """A recognizer, and what counts its looks."""
    its, network = card("single_frame", SINGLE_FRAME, hop), random_network("single_frame", SINGLE_FRAME)
    recognizer = FeaturedRecognizer(network, its, threads=1)
    look = recognizer._extractor._look = Counting(recognizer._extractor._look)
    return recognizer, look


@pytest.mark.parametrize("hop", [1, 2, 5, 6])
def test_overlapping_clips_cost_their_new_pictures_only(hop: int) -> None:
    recognizer, look = counting(hop)

    follow(recognizer, clips(pictures(SINGLE_FRAME.frames + 3 * hop), recognizer.spec))

    assert look.calls == [SINGLE_FRAME.frames, *[min(hop, SINGLE_FRAME.frames)] * 3]


def test_the_new_pictures_of_all_clips_are_looked_at_together() -> None:
    recognizer, look = counting()
    films = [clips(pictures(7, seed), recognizer.spec, stream) for seed, stream in enumerate("abc")]
    states = [None] * 3
    for batch in zip(*films, strict=True):
        states = [state for _, state in recognizer.recognize(batch, states)]

    assert look.calls == [3 * 5, 3 * 2]


def test_a_clip_that_shows_nothing_new_is_not_looked_at() -> None:
    recognizer, look = counting()
    (clip,) = clips(pictures(5), recognizer.spec)

    (once, again), _ = follow(recognizer, [clip, replace(clip, index=1)])

    assert look.calls == [5]
    np.testing.assert_array_equal(once.scores, again.scores)


def test_a_picture_that_fills_several_slots_is_looked_at_once() -> None:
    recognizer, look = counting()
    one, other = pictures(2)
    shown = (one, one, other, other, other)
    (clip,) = clips(shown, recognizer.spec)

    ((said,), _) = follow(recognizer, [clip])

    assert look.calls == [2]
    its = card("single_frame", SINGLE_FRAME)
    wanted = plain_scores(random_network("single_frame", SINGLE_FRAME), its, shown)
    np.testing.assert_allclose(said.scores, wanted, atol=1e-4)


def test_an_equal_picture_is_not_taken_for_the_same() -> None:
    recognizer, look = counting()
    (clip,) = clips(pictures(5), recognizer.spec)
    equal = replace(clip, index=1, pictures=tuple(picture.copy() for picture in clip.pictures))

    follow(recognizer, [clip, equal])

    assert look.calls == [5, 5]


def test_what_was_seen_in_one_region_says_nothing_of_another() -> None:
    recognizer, look = counting()
    (clip,) = clips(pictures(5), recognizer.spec)
    elsewhere = replace(clip, index=1, region=Region(0.0, 0.0, 0.5, 0.5))

    (_, there), _ = follow(recognizer, [clip, elsewhere])
    ((afresh,), _) = follow(recognizer, [elsewhere])

    assert look.calls == [5, 5, 5]
    np.testing.assert_array_equal(there.scores, afresh.scores)


def test_a_memory_is_a_clips_worth_and_says_nothing_of_its_pixels() -> None:
    recognizer, _ = counting()

    _, states = follow(recognizer, clips(pictures(25), recognizer.spec))

    for memory in states:
        assert isinstance(memory, Memory)
        assert len(memory.shown) == len(memory.said) == SINGLE_FRAME.frames
        assert memory.said.untyped_storage().nbytes() == memory.said.numel() * 4, "a view would hold a whole batch"
        assert len(repr(memory)) < 100


FILM = pictures(8)
RANDOM = random_network("crnn", CRNN)


@given(st.lists(st.lists(st.integers(0, 7), min_size=CRNN.frames, max_size=CRNN.frames), min_size=2, max_size=3))
@settings(max_examples=15)
def test_whatever_clips_show_memory_never_changes_the_answer(places: list[list[int]]) -> None:
    """Pictures shed, repeated, in another order: a clip may show anything."""
    its = card("crnn", CRNN)
    (clip,) = clips(FILM[: CRNN.frames], its.spec)
    shown = [replace(clip, index=n, pictures=tuple(FILM[one] for one in row)) for n, row in enumerate(places)]

    said, _ = follow(FeaturedRecognizer(RANDOM, its, threads=1), shown)

    wanted = [plain_scores(RANDOM, its, clip.pictures) for clip in shown]
    np.testing.assert_allclose([one.scores for one in said], wanted, atol=1e-4)


def test_what_was_seen_is_only_read() -> None:
    recognizer, _ = counting()
    first, second = clips(pictures(7), recognizer.spec)
    ((_, state),) = recognizer.recognize([first], [None])
    before = state.said.clone()

    recognizer.recognize([second], [state])

    assert np.array_equal(state.said, before)
