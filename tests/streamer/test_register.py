"""How a stream is connected, in words for people."""

from __future__ import annotations

from dataclasses import replace

import pytest

from streamer.register import Register
from streamer.sources.reconnect import Change
from streamer.testing.api import stream_view
from streamer.testing.time import FakeClock
from streamer.views import StreamView


class Desk:
    def __init__(self, kind: str = "rtsp") -> None:
        self.clock = FakeClock()
        self.register = Register(self.clock)
        self.register.add(replace(stream_view(), kind=kind))

    def change(self, state: str, reason: str = "", detail: str = "") -> StreamView:
        self.register.changed("cam", Change(state, 7, reason, detail))  # type: ignore[arg-type]
        return self.view

    def status(self, status: str, reason: str = "live", sight: str = "clear") -> StreamView:
        self.register.status("cam", {"status": status, "reason": reason, "sight": sight})
        return self.view

    @property
    def view(self) -> StreamView:
        return self.register.view("cam")


async def test_a_camera_that_fails_says_why_and_what_to_do_until_it_is_back() -> None:
    desk = Desk()
    assert (desk.view.state, desk.view.words) == ("connecting", "connecting")
    desk.change("live")
    await desk.clock.advance(5.0)
    failed = desk.change("rejected", "auth", "rtsp://camera/main refused the user name or password (401)")
    assert (failed.state, failed.reason, failed.epoch) == ("rejected", "auth", 7)
    assert "refused the user name or password" in failed.words
    assert "credentials_file" in failed.words
    await desk.clock.advance(5.0)
    assert desk.change("connecting") == failed, "while it is tried again, that is still the trouble"
    back = desk.change("live")
    assert (back.state, back.words, back.since_at) == ("live", "", desk.clock.now())


def test_a_picture_that_shows_nothing_is_told_while_it_does() -> None:
    desk = Desk()
    desk.change("live")
    dark = desk.status("online", sight="dark")
    assert (dark.state, dark.blind) == ("live", "dark")
    assert "light" in dark.words
    clear = desk.status("online")
    assert (clear.blind, clear.words) == ("", "")


def test_a_stream_that_is_looked_at_less_often_is_told_in_words() -> None:
    desk = Desk()
    desk.change("live")
    desk.register.status("cam", {"status": "online", "sight": "clear", "degraded": 2})
    assert "one of 3" in desk.view.words
    desk.register.status("cam", {"status": "online", "sight": "clear"})
    assert desk.view.words == ""


@pytest.mark.parametrize(("reason", "word"), [("no_frames", "no pictures come"), ("no_decisions", "too busy")])
def test_a_stream_that_stalls_is_told_until_it_goes_on(reason: str, word: str) -> None:
    desk = Desk()
    desk.change("live")
    stalled = desk.status("stalled", reason, "unknown")
    assert (stalled.state, stalled.reason) == ("stalled", reason)
    assert word in stalled.words
    assert desk.status("online").state == "live"


def test_the_status_of_a_lost_camera_does_not_hide_why() -> None:
    desk = Desk()
    desk.change("live")
    desk.status("online", sight="dark")
    lost = desk.change("backoff", "refused", "rtsp://camera/main refused the connection")
    assert desk.status("offline", "refused", "unknown") == lost
    assert (lost.blind, lost.state) == ("", "backoff")


def test_who_is_published_to_waits_and_fails_not() -> None:
    desk = Desk("whip")
    assert "/whip/cam" in desk.view.words
    desk.change("live")
    assert "/whip/cam" in desk.change("backoff", "eof", "the publisher left").words


def test_a_stream_that_was_stopped_is_connecting_when_it_starts() -> None:
    desk = Desk()
    desk.change("live")
    desk.register.stopped("cam")
    assert desk.view.state == "stopped"
    assert desk.change("connecting").state == "connecting"


async def test_pictures_a_second_are_those_of_the_last_second_or_so() -> None:
    desk = Desk()
    desk.register.decoded("cam", 100)
    for n in range(1, 11):
        await desk.clock.advance(1.0)
        desk.register.decoded("cam", 100 + 25 * n)
    assert desk.view.fps == 25.0
    await desk.clock.advance(2.0)
    desk.register.decoded("cam", 350)
    assert desk.view.fps == 0.0


def test_of_streams_that_are_no_more_nothing_is_kept() -> None:
    desk = Desk()
    desk.register.remove("cam")
    desk.register.changed("cam", Change("live", 1))
    desk.register.status("cam", {"status": "stalled", "reason": "no_frames", "sight": "unknown"})
    desk.register.decoded("cam", 1)
    desk.register.stopped("cam")
    assert desk.register.views() == []
    with pytest.raises(KeyError):
        desk.register.view("cam")


async def test_a_stopped_stream_says_so_until_it_is_started() -> None:
    desk = Desk()
    desk.change("live")
    stopped = desk.change("stopped", "stopped")
    assert (stopped.state, stopped.reason) == ("stopped", "stopped")
    assert "start it again" in stopped.words
    assert desk.status("offline", "stopped").state == "stopped"
    assert desk.change("connecting").state == "connecting"
