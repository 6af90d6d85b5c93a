"""What a message remembers of its way can be read again, by us; others pass it on unread."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.tracing.way import Look, Way, read, written

moments = st.floats(1.5e9, 2.5e9)
looks = st.builds(Look, moments, moments, moments, moments, st.integers(1, 4096))


@given(st.none() | looks, moments, moments, moments)
def test_what_was_written_is_read(look: Look | None, captured_at: float, emitted_at: float, handed_at: float) -> None:
    way = read(written(look, captured_at, emitted_at, handed_at), captured_at)

    expected = [emitted_at, handed_at]
    expected += [] if look is None else [look.offered_at, look.began_at, look.answered_at]
    found = [way.emitted_at, way.handed_at]
    found += [] if look is None else [way.offered_at, way.began_at, way.answered_at]
    assert found == [pytest.approx(at, rel=0, abs=2e-6) for at in expected]
    assert way.batch == (None if look is None else look.batch)


@given(looks, moments, moments, moments)
def test_it_is_a_tracestate(look: Look, captured_at: float, emitted_at: float, handed_at: float) -> None:
    text = written(look, captured_at, emitted_at, handed_at)

    key, _, value = text.partition("=")
    assert key == "takt"
    assert re.fullmatch("[-+!#-*.-<>-~]{1,256}", value), "W3C: no comma, no equals sign"


@given(st.text() | st.from_regex(r"takt=([a-z]{0,9}:-?[0-9²]{0,30};?){0,9}"))
def test_no_text_is_too_strange_to_be_read(text: str) -> None:
    assert isinstance(read(text, 1.7e9), Way)


def test_members_of_others_are_left_alone() -> None:
    assert read("ot=th:8,takt=emitted:1500000;batch:3,vendor=emitted:9", 10.0) == Way(emitted_at=11.5, batch=3)
    assert read("vendor=emitted:9", 10.0) == Way()
