"""A stream is online while it is looked at; why not, is said."""

from __future__ import annotations

from streamer.board.presence import Presence

AT = 1_700_000_000.0


def live(decisions_s: float = 10.0) -> Presence:
    presence = Presence(5.0, {"bench": decisions_s}, AT)
    presence.changed(True, "live", AT + 1, 1.0)
    return presence


def said(presence: Presence) -> tuple[str, str]:
    return presence.status.status, presence.status.reason


def test_a_stream_is_offline_until_it_is_connected() -> None:
    presence = Presence(5.0, {"bench": 10.0}, AT)
    assert said(presence) == ("offline", "connecting")
    assert not presence.passed(None, AT + 60, 60.0), "it has not begun, so it has not stalled"
    assert presence.changed(True, "live", AT + 61, 61.0)
    assert (said(presence), presence.status.since) == (("online", "live"), AT + 61)


def test_a_live_stream_without_pictures_is_stalled_and_comes_back() -> None:
    presence = live()
    presence.answered("bench", 5.0)
    assert not presence.passed(5.0, AT + 9.9, 9.9)
    assert presence.passed(5.0, AT + 10.1, 10.1)
    assert said(presence) == ("stalled", "no_frames")
    presence.answered("bench", 11.0)
    assert presence.passed(11.0, AT + 11, 11.0)
    assert said(presence) == ("online", "live")


def test_pictures_without_decisions_are_no_sign_of_life() -> None:
    presence = live()
    assert not presence.passed(10.5, AT + 10.5, 10.5)
    assert presence.passed(11.5, AT + 11.5, 11.5)
    assert said(presence) == ("stalled", "no_decisions")
    presence.answered("bench", 12.0)
    assert presence.passed(12.0, AT + 12, 12.0)
    assert said(presence) == ("online", "live")


def test_a_status_has_its_own_since_and_is_told_once() -> None:
    presence = live()
    assert presence.passed(1.0, AT + 20, 20.0)
    assert not presence.passed(1.0, AT + 30, 30.0)
    assert presence.status.since == AT + 20


def test_what_is_lost_is_offline_with_its_reason_and_does_not_stall() -> None:
    presence = live()
    assert presence.changed(False, "timeout", AT + 8, 8.0)
    assert not presence.passed(None, AT + 60, 60.0)
    assert said(presence) == ("offline", "timeout")


def test_a_new_connection_is_given_its_time() -> None:
    presence = live()
    presence.changed(False, "timeout", AT + 8, 8.0)
    presence.changed(True, "live", AT + 100, 100.0)
    assert not presence.passed(None, AT + 104, 104.0)
    assert said(presence) == ("online", "live")
