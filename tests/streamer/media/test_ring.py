"""What a ring of coded pictures keeps, and for how long."""

from __future__ import annotations

import random

import pytest

from streamer.errors import NotKept
from streamer.media.packets import together
from streamer.media.ring import PacketRing, Span
from tests.streamer.media.excerpts import CODING, picture


def ring(keep_s: float = 3.0, max_bytes: int = 1 << 20, origin_s: float | None = 0.0) -> PacketRing:
    made = PacketRing(keep_s, max_bytes)
    made.opened(1, CODING)
    if origin_s is not None:
        made.began(origin_s)
    return made


def fill(into: PacketRing, units: int, every: int = 10, size: int = 100) -> None:
    """A key frame every `every` tenths of a second."""
    for at in range(units):
        into.keep(picture(at, size, key=at % every == 0))


def test_what_is_said_of_wall_time_is_of_this_connection() -> None:
    one, beside = PacketRing(10.0, 1 << 20), PacketRing(10.0, 1 << 20)
    both = together(one, None, beside)
    assert both is not None
    both.opened(1, CODING)
    both.keep(picture(0, key=True))
    both.began(0.0)
    both.dated(1000.0)
    assert one.span() == beside.span() == Span(1, 0.0, 0.0, 1000.0)
    both.opened(2, CODING)
    both.keep(picture(5, key=True))
    both.began(0.5)
    assert one.span() == Span(2, 0.0, 0.0, None)
    assert together(None, one) is one
    assert together(None) is None


def test_an_excerpt_begins_with_the_last_key_frame_that_covers_its_start() -> None:
    full = ring(keep_s=100)
    fill(full, 100)
    excerpt = full.excerpt(1, 2.5, 4.2)
    assert [one.pts for one in excerpt.pictures] == list(range(20, 43))
    assert excerpt.pictures[0].is_key
    assert excerpt.start_s == pytest.approx(2.0)


def test_media_time_counts_from_the_first_decoded_picture() -> None:
    full = ring(origin_s=None)
    for at in range(5000, 5040):
        full.keep(picture(at, key=at % 10 == 0))
    assert full.span() is None  # nothing was decoded yet
    full.began(500.0)
    span = full.span()
    assert span is not None
    assert (span.first_s, span.newest_s) == (pytest.approx(0.0), pytest.approx(3.9))
    assert full.excerpt(1, 1.0, 1.5).pictures[0].pts == 5010


def test_nothing_is_kept_before_the_first_key_frame() -> None:
    joined = ring()
    joined.keep(picture(0))
    assert joined.size_bytes == 0
    with pytest.raises(NotKept, match="no key frame came yet"):
        joined.excerpt(1, 0.0, 1.0)


def test_seconds_are_bounded_and_what_was_promised_can_be_asked_for() -> None:
    long = ring(keep_s=3.0)
    for at in range(1000):
        long.keep(picture(at, key=at % 10 == 0))
        span = long.span()
        assert span is not None
        assert span.newest_s - span.first_s <= 3.0 + 1.0  # and a run of pictures
        if at >= 30:
            assert long.excerpt(1, span.newest_s - 3.0, span.newest_s).pictures[-1].pts == at
    with pytest.raises(NotKept, match="too late"):
        long.excerpt(1, 90.0, 91.0)


def test_bytes_are_bounded_whatever_comes() -> None:
    random.seed(1)
    small = ring(keep_s=60.0, max_bytes=5_000)
    for at in range(2000):
        small.keep(picture(at, random.randrange(400), key=random.random() < 0.1))
        assert small.size_bytes <= 5_000


def test_a_run_that_does_not_fit_is_given_up_until_the_next_key_frame() -> None:
    small = ring(max_bytes=1_000)
    fill(small, 11, every=100)
    assert (small.size_bytes, small.overflows, small.span()) == (0, 1, None)
    small.keep(picture(12))
    assert small.size_bytes == 0
    small.keep(picture(13, key=True))
    assert small.excerpt(1, 1.3, 1.4).pictures[0].pts == 13


def test_a_new_connection_forgets_the_old_one() -> None:
    full = ring()
    fill(full, 20)
    full.opened(2, CODING)
    assert (full.size_bytes, full.span()) == (0, None)
    with pytest.raises(NotKept, match="connection has ended"):
        full.excerpt(1, 0.0, 1.0)


def test_a_picture_that_is_shown_before_the_key_frame_ends_nothing() -> None:
    """With B-frames, pictures do not come in the order in which they are shown."""
    mixed = ring(keep_s=100)
    for at, key in ((2, True), (0, False), (1, False), (5, False), (3, False), (4, False)):
        mixed.keep(picture(at, key=key))
    assert [one.pts for one in mixed.excerpt(1, 0.2, 0.3).pictures] == [2, 0, 1, 5, 3]
