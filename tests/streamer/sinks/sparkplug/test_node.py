"""Certificates and values of an edge node."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.sinks.sparkplug.metrics import definitions
from streamer.sinks.sparkplug.node import EdgeNode, Packet, wants_rebirth
from streamer.sinks.sparkplug.payload import DataType, Metric, Payload, written
from streamer.sinks.station import Station
from tests.streamer.sinks.sparkplug.decoding import decoded

NOW = 1_772_439_000_000
BENCH = Station("cam", "bench", ("pick", "tighten"), follows=True)
ONLINE = {"status": "online", "reason": "live"}
STATE: dict[str, Any] = {
    "action": {"action": "tighten"},
    "open_count": 1,
    "counts": {"actions": {"tighten": 7}, "cycles": {"completed": 3}, "verdicts": {"missed": 2}},
    "cycle": {"unit_id": "SN-1"},
    "last_cycle": {"took_s": 61, "deviation_s": -1.5},
}


def node(*stations: Station) -> EdgeNode:
    one = EdgeNode("Plant", "line1", "1.0")
    devices = {station.stream: definitions(station.stream, [station]) for station in stations or (BENCH,)}
    assert one.consist_of(devices, NOW) == []
    return one


def kinds(packets: list[Packet]) -> list[str]:
    """E.g. `DBIRTH cam`."""
    parts = [packet.topic.split("/") for packet in packets]
    assert all((part[0], part[1], part[3]) == ("spBv1.0", "Plant", "line1") for part in parts)
    return [" ".join([part[2], *part[4:]]) for part in parts]


def test_births_begin_with_the_node_at_number_0_and_go_on_with_the_devices_that_are_there() -> None:
    one = node(BENCH, replace(BENCH, stream="two"), replace(BENCH, stream="three"))
    for stream in ("cam", "three"):
        one.shown(f"{stream}/status", ONLINE, NOW)

    packets = one.born(7, NOW)

    assert kinds(packets) == ["NBIRTH", "DBIRTH cam", "DBIRTH three"]
    payloads = [decoded(packet.payload) for packet in packets]
    assert [payload.seq for payload in payloads] == [0, 1, 2]
    assert all(payload.timestamp == NOW for payload in payloads)
    assert (payloads[0].values["bdSeq"], payloads[0].types["bdSeq"]) == (7, "Int64")
    assert payloads[0].values["Node Control/Rebirth"] is False


def test_a_death_holds_the_number_of_its_connection_alone() -> None:
    death = node().death(7, NOW)
    assert (kinds([death]), decoded(death.payload).values) == (["NDEATH"], {"bdSeq": 7})
    assert decoded(death.payload).seq is None


def test_a_birth_tells_every_metric_that_will_ever_be_reported() -> None:
    one = node()
    one.shown("cam/status", ONLINE, NOW)
    birth = decoded(one.born(0, NOW)[1].payload)
    for topic, document in (("cam/bench/state", STATE), ("cam/bench/andon", {"colour": "red", "acknowledged": True})):
        (data,) = one.shown(topic, document, NOW)
        values = decoded(data.payload)
        assert set(values.values) <= set(birth.values)
        assert all(birth.types[name] == kind for name, kind in values.types.items())


def test_only_what_changes_is_told() -> None:
    one = node()
    one.shown("cam/status", ONLINE, NOW)
    one.born(0, NOW)

    (first,) = one.shown("cam/bench/state", STATE, NOW)
    again = one.shown("cam/bench/state", STATE, NOW)
    (quiet,) = one.shown("cam/bench/state", {**STATE, "action": None, "open_count": 0}, NOW + 5)

    assert kinds([first, quiet]) == ["DDATA cam", "DDATA cam"]
    assert decoded(first.payload).values == {
        "bench/Action": "tighten",
        "bench/Open": 1,
        "bench/Count/tighten": 7,
        "bench/Cycle/Unit": "SN-1",
        "bench/Last cycle/Took s": 61.0,
        "bench/Last cycle/Deviation s": -1.5,
        "bench/Cycles/completed": 3,
        "bench/Steps/missed": 2,
    }
    assert again == []
    assert decoded(quiet.payload).values == {"bench/Action": "", "bench/Open": 0}
    assert decoded(quiet.payload).at["bench/Action"] == NOW + 5


def test_a_stream_that_goes_is_a_death_of_its_device_and_one_that_comes_back_a_birth_with_what_is() -> None:
    one = node()
    assert kinds(one.born(0, NOW)) == ["NBIRTH"]
    assert kinds(one.shown("cam/status", ONLINE, NOW)) == ["DBIRTH cam"]
    assert kinds(one.shown("cam/status", {"status": "stalled"}, NOW)) == ["DDATA cam"]
    assert kinds(one.shown("cam/status", {"status": "offline"}, NOW)) == ["DDEATH cam"]
    assert one.shown("cam/bench/state", STATE, NOW) == []
    (birth,) = one.shown("cam/status", ONLINE, NOW)
    assert decoded(birth.payload).values["bench/Count/tighten"] == 7


def test_nothing_is_said_before_births_and_after_the_connection() -> None:
    one = node()
    assert one.shown("cam/status", ONLINE, NOW) == []
    one.born(0, NOW)
    one.gone()
    assert one.shown("cam/bench/state", STATE, NOW) == []
    assert decoded(one.born(1, NOW)[1].payload).values["bench/Action"] == "tighten"


@given(st.lists(st.sampled_from(["online", "offline", "state", "rebirth"]), max_size=600))
def test_numbers_have_no_gaps_whatever_happens(happenings: list[str]) -> None:
    one = node()
    packets = one.born(3, NOW)
    for count, what in enumerate(happenings, 1):
        if what == "rebirth":
            packets += one.born(3, NOW)
        elif what == "state":
            packets += one.shown("cam/bench/state", {**STATE, "open_count": count}, NOW)
        else:
            packets += one.shown("cam/status", {"status": what, "reason": str(count)}, NOW)

    expected = 0
    for packet in packets:
        expected = 0 if "/NBIRTH/" in packet.topic else (expected + 1) % 256
        assert decoded(packet.payload).seq == expected


def test_after_number_255_comes_0() -> None:
    one = node()
    one.shown("cam/status", ONLINE, NOW)
    packets = one.born(0, NOW)
    for count in range(1, 300):
        packets += one.shown("cam/bench/state", {"open_count": count}, NOW)

    assert [decoded(packet.payload).seq for packet in packets] == [*range(256), *range(45)]


def test_a_network_that_knows_other_actions_is_a_new_birth() -> None:
    one = node()
    one.shown("cam/status", ONLINE, NOW)
    one.shown("cam/bench/state", STATE, NOW)
    one.born(0, NOW)
    same = {"cam": definitions("cam", [BENCH])}
    other = {"cam": definitions("cam", [replace(BENCH, actions=("tighten", "clean"))])}

    assert one.consist_of(same, NOW) == []
    (birth,) = one.consist_of(other, NOW)

    values = decoded(birth.payload).values
    assert kinds([birth]) == ["DBIRTH cam"]
    assert (values["bench/Count/clean"], values["bench/Count/tighten"], "bench/Count/pick" in values) == (0, 7, False)


def test_a_stream_that_is_no_more_is_dead() -> None:
    one = node()
    one.shown("cam/status", ONLINE, NOW)
    one.born(0, NOW)
    assert kinds(one.consist_of({}, NOW)) == ["DDEATH cam"]
    assert one.shown("cam/status", ONLINE, NOW) == []


@pytest.mark.parametrize(
    ("payload", "asked"),
    [
        (written(Payload((Metric("Node Control/Rebirth", DataType.BOOLEAN, True, 1),), 1)), True),
        (written(Payload((Metric("Node Control/Rebirth", DataType.BOOLEAN, False, 1),), 1)), False),
        (written(Payload((Metric("Node Control/Reboot", DataType.BOOLEAN, True, 1),), 1)), False),
        (b"\xff\xff\xff", False),
        (b"", False),
    ],
    ids=["rebirth", "false", "reboot", "noise", "empty"],
)
def test_births_are_asked_for_by_one_command_alone(payload: bytes, asked: bool) -> None:
    assert wants_rebirth(payload) is asked
