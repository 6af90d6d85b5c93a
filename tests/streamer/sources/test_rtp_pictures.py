"""Packets in, whole pictures out: in order, from a key frame on, whatever the network does."""

from __future__ import annotations

import random
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.sources.rtp_pictures import (
    ASK_S,
    BYTES,
    PACKETS,
    PATIENCE_S,
    Packet,
    PictureAssembly,
    Ticks,
    Unit,
    is_key,
)

KEY, DELTA = b"\x00\x00\x00\x01\x65", b"\x00\x00\x00\x01\x41"


def picture(number: int, first: int, packets: int = 3, key: bool = False, marked: bool = True) -> list[Packet]:
    """A picture's packets; `first`: the number of its first."""
    head = KEY if key else DELTA
    return [
        Packet(
            (first + n) % 65536,
            number * 3000 % 2**32,
            marked and n == packets - 1,
            "h264",
            (head if n == 0 else b"") + b"%d" % number,
        )
        for n in range(packets)
    ]


def film(pictures: int, first: int = 0, packets: int = 3, keys: int = 10, marked: bool = True) -> list[Packet]:
    return [
        packet
        for n in range(pictures)
        for packet in picture(n, first + n * packets, packets, n % keys == 0, marked)
    ]  # fmt: skip


def given_out(assembly: PictureAssembly, packets: Iterable[Packet], step_s: float = 0.01) -> list[Unit]:
    return [unit for n, packet in enumerate(packets) for unit in assembly.add(packet, n * step_s)]


def numbers(units: Iterable[Unit]) -> list[int]:
    return [unit.ticks // 3000 for unit in units]


def test_a_picture_is_given_out_with_its_last_packet() -> None:
    assembly = PictureAssembly()
    packets = film(1)
    assert [assembly.add(packet, 0.0) for packet in packets[:2]] == [[], []]
    (unit,) = assembly.add(packets[2], 0.0)
    assert (unit.data, unit.is_key, unit.codec) == (KEY + b"000", True, "h264")


def test_where_nothing_is_marked_the_next_picture_ends_one() -> None:
    units = given_out(PictureAssembly(), film(5, marked=False))
    assert numbers(units) == [0, 1, 2, 3]


def test_numbers_wrap() -> None:
    assert numbers(given_out(PictureAssembly(), film(20, first=65530))) == list(range(20))


@given(st.randoms(use_true_random=False), st.integers(0, 65535))
def test_order_and_doubles_change_nothing(rng: random.Random, first: int) -> None:
    packets = film(12, first)
    mixed = packets[:3]
    for start in range(3, len(packets), 6):
        part = packets[start : start + 6] + rng.sample(packets[: start + 1], 3)
        mixed += rng.sample(part, len(part))
    assert numbers(given_out(PictureAssembly(), mixed, step_s=0.0)) == list(range(12))


def test_what_is_sent_again_in_time_is_as_if_never_lost() -> None:
    packets = film(10)
    lost = packets.pop(10)
    packets.insert(20, lost)
    assembly = PictureAssembly()
    assert numbers(given_out(assembly, packets)) == list(range(10))
    assert assembly.lost == 0


def test_what_is_lost_costs_a_moment_and_not_the_room() -> None:
    """aiortc's buffer waits until it is full; and gives out what refers to the lost."""
    packets = film(40, keys=20)
    del packets[10]
    assembly = PictureAssembly()
    given_at = {
        unit.ticks // 3000: n * 0.01 for n, packet in enumerate(packets) for unit in assembly.add(packet, n * 0.01)
    }
    assert sorted(given_at) == [0, 1, 2, *range(20, 40)]
    assert given_at[20] == pytest.approx(0.01 * (20 * 3 + 1))
    assert assembly.lost == 1


def test_a_key_frame_is_asked_for_at_once_and_again_and_no_longer_than_needed() -> None:
    packets = film(40, keys=20)
    del packets[10]
    assembly, asked = PictureAssembly(), []
    for n, packet in enumerate(packets):
        assembly.add(packet, n * 0.03)
        if assembly.asks(n * 0.03):
            asked.append(n * 0.03)
    assert asked[0] == 0.0  # the first of all
    assert asked[1] == pytest.approx(10 * 0.03 + PATIENCE_S, abs=0.07)
    assert asked[2] == pytest.approx(asked[1] + ASK_S, abs=0.07)
    assert not assembly.needs_key
    assert asked[-1] < 0.03 * 62


def test_a_large_key_frame_comes_whole() -> None:
    """Of 4K, or a camera without mercy: 128 packets were too many for aiortc once, 512 are now."""
    packets = [*picture(0, 0, 1500, key=True), *picture(1, 1500, 2)]
    units = given_out(PictureAssembly(), packets, step_s=0.0)
    assert [len(unit.data) for unit in units] == [5 + 1500, 5 + 2]


def test_a_picture_without_end_is_given_up() -> None:
    assembly = PictureAssembly()
    endless = [Packet(n % 65536, 0, False, "h264", KEY) for n in range(3 * PACKETS)]
    assert given_out(assembly, endless, step_s=0.0) == []
    assert len(assembly._waiting) <= PACKETS
    after = film(2, first=3 * PACKETS)
    assert numbers(given_out(assembly, [Packet(p.sequence, 9000 + p.ticks, p.last, p.codec, p.data) for p in after]))


def test_memory_is_bounded_in_bytes() -> None:
    assembly = PictureAssembly()
    for n in range(0, 4000, 2):  # every other one is lost, and time stands still
        assembly.add(Packet(n, 0, False, "h264", bytes(60_000)), 0.0)
        assert assembly._bytes <= BYTES + 60_000
    assert sum(len(packet.data) for packet in assembly._waiting.values()) == assembly._bytes


def test_a_sender_may_count_anew() -> None:
    assembly = PictureAssembly()
    given_out(assembly, film(10, first=30_000))
    assert numbers(given_out(assembly, film(5, first=3))) == list(range(5))


def test_whoever_cannot_decode_gets_a_key_frame_next() -> None:
    packets = film(20, keys=10)
    assembly = PictureAssembly()
    before = given_out(assembly, packets[:15])
    assembly.lose()
    after = given_out(assembly, packets[15:])
    assert numbers(before) == [0, 1, 2, 3, 4]
    assert numbers(after) == list(range(10, 20))


@pytest.mark.parametrize(
    ("codec", "data", "key"),
    [
        ("h264", KEY, True),
        ("h264", DELTA, False),
        ("h264", b"\x00\x00\x00\x01\x67abc\x00\x00\x00\x01\x68d" + KEY, True),
        ("h264", b"\x00\x00\x01\x65", True),
        ("h264", b"\x00\x00\x01", False),
        ("h264", b"", False),
        ("vp8", b"\x10\x02\x00", True),
        ("vp8", b"\x11\x02\x00", False),
        ("vp8", b"", False),
    ],
)
def test_key_frames_are_known(codec: str, data: bytes, key: bool) -> None:
    assert is_key(codec, data) is key


@given(st.lists(st.tuples(st.integers(0, 65535), st.integers(0, 3), st.booleans(), st.binary(max_size=4))))
def test_nothing_that_is_sent_breaks_it(sent: list[tuple[int, int, bool, bytes]]) -> None:
    assembly = PictureAssembly()
    for n, (sequence, ticks, last, data) in enumerate(sent):
        for unit in assembly.add(Packet(sequence, ticks, last, "vp8", data), n * 0.1):
            assert unit.data


def test_time_wraps_and_a_step_back_is_none() -> None:
    """A step back of one tick was 13 hours ahead to aiortc."""
    ticks = Ticks()
    first = ticks.unwrapped(2**32 - 3000)
    assert ticks.unwrapped(0) - first == 3000
    assert ticks.unwrapped(2**32 - 1) - first == 2999
    assert ticks.near(2**32 - 3000) == first
    assert ticks.unwrapped(87_000) - first == 90_000
