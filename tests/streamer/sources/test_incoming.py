"""From the loop to the decode thread: bounded, from a key frame on, and with an end."""

from __future__ import annotations

import threading
from fractions import Fraction

import av
import numpy as np
import pytest

from streamer.errors import SourceRejected, SourceUnavailable
from streamer.sources.incoming import BYTES, UNITS, Incoming
from streamer.sources.peer_pictures import UnitDecoder
from streamer.sources.rtp_pictures import ASK_S, Packet, Unit
from streamer.testing.time import FakeClock

KEY, DELTA = b"\x10", b"\x11"
GONE = SourceUnavailable("eof", "the peer left")


class Track:
    """Pictures of one packet each."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.incoming = Incoming(self.clock)
        self.sent = 0

    def send(self, data: bytes = DELTA) -> bool:
        """Whether a key frame is asked for."""
        self.sent += 1
        return self.incoming.take_packet(Packet(self.sent, self.sent * 3000, True, "vp8", data))

    def taken(self) -> list[int]:
        """Numbers of the pictures that wait."""
        stopped, found = threading.Event(), []
        while self.incoming._units:
            unit = self.incoming.take_unit(stopped)
            assert unit is not None
            found.append(unit.ticks // 3000)
        return found


def test_pictures_come_in_order_from_a_key_frame_on() -> None:
    track = Track()
    for data in (DELTA, KEY, DELTA, DELTA):
        track.send(data)
    assert track.taken() == [2, 3, 4]


def test_where_nobody_reads_all_goes_and_a_key_frame_is_asked_for() -> None:
    track = Track()
    track.send(KEY)
    asked = [track.send() for _ in range(UNITS + 20)]
    assert asked.index(True) == UNITS - 1
    assert (track.taken(), track.incoming.overflows) == ([], 1)
    assert track.incoming.losses()[1:] == (UNITS + 1, sum(asked))
    assert track.incoming.losses() == (0, 0, 0)
    track.send(KEY)
    assert track.taken() == [track.sent]


def test_the_picture_that_finds_it_full_stays_if_it_is_a_key_frame() -> None:
    track = Track()
    for _ in range(UNITS):
        track.send(KEY)
    assert track.send(KEY) is False
    assert track.taken() == [track.sent]


def test_bytes_are_bounded_too() -> None:
    track = Track()
    track.send(KEY)
    for _ in range(3):
        track.send(DELTA + bytes(BYTES // 2))
    assert track.incoming._bytes <= BYTES
    assert track.incoming.overflows == 1


def test_what_cannot_be_decoded_asks_for_a_key_frame_at_once_and_again() -> None:
    """aiortc went on with pictures that refer to what was never decoded."""
    track = Track()
    track.send(KEY)
    track.incoming.lose()
    assert [track.send(), track.send()] == [True, False]
    track.clock.passed_s += ASK_S
    assert track.send() is True
    assert track.taken() == []
    track.send(KEY)
    assert track.taken() == [track.sent]


def test_who_reads_on_begins_with_a_key_frame_and_who_is_first_takes_what_is_there() -> None:
    track = Track()
    track.send(KEY)
    track.incoming.begin()
    assert track.taken() == [1]
    track.send()
    track.incoming.begin()
    track.send()
    assert track.taken() == []


def test_another_source_counts_by_itself() -> None:
    track = Track()
    track.send(KEY)
    track.incoming.renew()
    track.sent = 40_000
    track.send()
    track.send(KEY)
    assert track.taken() == [40_002]


def test_a_waiting_reader_is_woken_by_the_end_and_by_being_stopped() -> None:
    track, stopped, told = Track(), threading.Event(), list[str]()

    def read() -> None:
        try:
            told.append(str(track.incoming.take_unit(stopped)))
        except SourceUnavailable as error:
            told.append(error.reason)

    for end in (lambda: (stopped.set(), track.incoming.wake()), lambda: track.incoming.close(GONE)):
        reader = threading.Thread(target=read)
        reader.start()
        end()
        reader.join(5)
        stopped.clear()
    assert told == ["None", "eof"]
    track.incoming.close(SourceUnavailable("stall", "later"))
    with pytest.raises(SourceUnavailable, match="eof"):
        track.incoming.take_unit(stopped)


def test_what_came_before_the_end_is_still_given_out() -> None:
    track = Track()
    track.send(KEY)
    track.incoming.close(GONE)
    assert track.taken() == [1]
    assert track.incoming.is_over


@pytest.mark.parametrize("codec", ["vp8", "h264"])
def test_what_is_no_picture_is_none(codec: str) -> None:
    decoder = UnitDecoder(codec, 1 << 24, "the peer of cam")
    assert decoder.decoded(Unit(codec, 0, True, b"\x00\x00\x00\x01\x65" + bytes(range(99))), 0) in (None, [])


def h264_bomb() -> bytes:
    """A black key frame of 1920x1080 pixels."""
    encoder = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt, encoder.time_base = 1920, 1080, "yuv420p", Fraction(1, 25)
    encoder.options = {"tune": "zerolatency", "preset": "ultrafast"}
    picture = av.VideoFrame.from_ndarray(np.zeros((1080, 1920, 3), np.uint8), format="rgb24")
    picture.pts = 0
    return b"".join(bytes(packet) for packet in encoder.encode(picture))


VP8_BOMB = b"\x10\x02\x00\x9d\x01\x2a\xff\x3f\xff\x3f" + bytes(400)
"""The head of a key frame states 16383x16383 pixels (RFC 6386 9.1)."""


@pytest.mark.parametrize(("codec", "data"), [("vp8", VP8_BOMB), ("h264", h264_bomb())], ids=["vp8", "h264"])
def test_a_picture_too_large_is_refused_before_it_is_decoded(codec: str, data: bytes) -> None:
    with pytest.raises(SourceRejected) as caught:
        UnitDecoder(codec, 1_000_000, "the peer of cam").decoded(Unit(codec, 0, True, data), 0)
    assert caught.value.reason == "too_large"
