"""Flow is found once for each pair of pictures, however many clips show it, and the answers are the plain network's."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recognizers.clip import Region
from recognizers.models.two_stream import TwoStream
from recognizers.runtimes.two_stream import TwoStreamRecognizer
from streamer.testing.estimators import BrightestFlow
from tests.recognizers.pictures import Counting, card, clips, follow, pictures, plain_scores, random_network
from tests.recognizers.two_streams import LATE, SIZES


@pytest.mark.parametrize("name", SIZES)
@pytest.mark.parametrize("hop", [2, 7])
def test_every_clip_is_answered_as_by_the_plain_network(name: str, hop: int) -> None:
    size = SIZES[name]
    network, its = random_network("two_stream", size), card("two_stream", size, hop)
    shown = clips(pictures(size.frames + 2 * hop), its.spec)

    said, _ = follow(TwoStreamRecognizer(network, its, threads=1), shown)

    wanted = [plain_scores(network, its, clip.pictures) for clip in shown]
    np.testing.assert_allclose([one.scores for one in said], wanted, atol=1e-4)
    assert np.std(wanted, axis=0).max() > 1e-3, "clips that all look alike show nothing"


def counting(hop: int = 2) -> tuple[TwoStreamRecognizer, BrightestFlow, Counting]:
    """A recognizer, what counts the pairs whose flow is found, and what counts the pictures that are looked at."""
    network: TwoStream = random_network("two_stream", LATE)
    flow = BrightestFlow()
    network.estimator = flow
    recognizer = TwoStreamRecognizer(network, card("two_stream", LATE, hop), threads=1)
    (backbone,) = recognizer._fusion.look[0].networks  # type: ignore[index]
    look = Counting(backbone)
    recognizer._fusion.look[0].networks[0] = look  # type: ignore[index]
    return recognizer, flow, look


@pytest.mark.parametrize("hop", [1, 2, 5, 6, 8])
def test_overlapping_clips_cost_their_new_pictures_and_pairs_only(hop: int) -> None:
    recognizer, flow, look = counting(hop)
    frames, new = LATE.frames, min(hop, LATE.frames)

    follow(recognizer, clips(pictures(frames + 3 * hop), recognizer.spec))

    assert look.calls == [frames, *[new] * 3]
    assert flow.looked == (frames - 1) + 3 * min(hop, frames - 1)


def test_streams_side_by_side_are_remembered_each_for_itself() -> None:
    recognizer, flow, look = counting()
    films = [clips(pictures(8, seed), recognizer.spec, stream) for seed, stream in enumerate("abc")]
    states = [None] * 3
    for batch in zip(*films, strict=True):
        states = [state for _, state in recognizer.recognize(batch, states)]

    assert look.calls == [3 * 6, 3 * 2]
    assert flow.looked == 3 * (5 + 2)


def test_a_clip_that_shows_nothing_new_costs_nothing_new() -> None:
    recognizer, flow, look = counting()
    (clip,) = clips(pictures(6), recognizer.spec)

    (once, again), _ = follow(recognizer, [clip, replace(clip, index=1)])

    assert (look.calls, flow.looked) == ([6], 5)
    assert np.array_equal(once.scores, again.scores)


def test_what_was_seen_in_one_region_says_nothing_of_another() -> None:
    recognizer, flow, look = counting()
    (clip,) = clips(pictures(6), recognizer.spec)
    elsewhere = replace(clip, index=1, region=Region(0.0, 0.0, 0.5, 0.5))

    (_, there), _ = follow(recognizer, [clip, elsewhere])
    ((afresh,), _) = follow(recognizer, [elsewhere])

    assert (look.calls, flow.looked) == ([6, 6, 6], 15)
    assert np.array_equal(there.scores, afresh.scores)


FILM = pictures(8)
RANDOM, CARD = random_network("two_stream", LATE), card("two_stream", LATE)


@given(st.lists(st.lists(st.integers(0, 7), min_size=LATE.frames, max_size=LATE.frames), min_size=2, max_size=3))
@settings(max_examples=15, deadline=None)
def test_whatever_clips_show_memory_never_changes_the_answer(places: list[list[int]]) -> None:
    """Pictures shed, repeated, in another order: a clip may show anything."""
    (clip,) = clips(FILM[: LATE.frames], CARD.spec)
    shown = [replace(clip, index=n, pictures=tuple(FILM[one] for one in row)) for n, row in enumerate(places)]

    said, _ = follow(TwoStreamRecognizer(RANDOM, CARD, threads=1), shown)

    wanted = [plain_scores(RANDOM, CARD, clip.pictures) for clip in shown]
    np.testing.assert_allclose([one.scores for one in said], wanted, atol=1e-4)


def test_a_memory_is_a_clips_worth_and_says_nothing_of_its_pixels() -> None:
    recognizer, *_ = counting()

    _, states = follow(recognizer, clips(pictures(26), recognizer.spec))

    for known in states:
        assert [len(one.said) for one in (known.pictures, known.looked, known.moved)] == [6, 6, 5]
        assert len(repr(known)) < 250
