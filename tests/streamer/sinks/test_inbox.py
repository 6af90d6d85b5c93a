"""What others send us: bounded, and no failure of who takes it goes any further."""

from __future__ import annotations

import logging

import pytest

from streamer.sinks.base import Inbound
from streamer.sinks.mqtt.inbox import LARGEST, Inbox, Listeners, check_filter
from streamer.testing.sinks import FakeObserver


def inbox(most: int = 10) -> tuple[Inbox, list[Inbound], list[str]]:
    taken: list[Inbound] = []
    refused: list[str] = []
    return Inbox(taken.append, refused.append, most), taken, refused


def test_the_loop_is_woken_once_for_all_that_came_together() -> None:
    box, taken, _ = inbox()
    woken = [box.put(Inbound("a", bytes([n]))) for n in range(3)]
    box.empty()

    assert woken == [True, False, False]
    assert [one.payload for one in taken] == [b"\0", b"\1", b"\2"]
    assert box.put(Inbound("a", b"")), "the next one wakes it again"


def test_more_than_can_wait_is_lost_and_told() -> None:
    box, taken, refused = inbox(most=2)
    for n in range(5):
        box.put(Inbound("a", bytes([n])))
    box.empty()
    box.put(Inbound("a", b"later"))
    box.empty()

    assert [one.payload for one in taken] == [b"\0", b"\1", b"later"]
    assert refused == ["overrun"] * 3


def test_a_payload_over_the_limit_is_not_looked_at() -> None:
    box, taken, refused = inbox()
    box.put(Inbound("a", b"x" * LARGEST))
    box.put(Inbound("a", b"x" * (LARGEST + 1)))
    box.empty()

    assert len(taken) == 1
    assert refused == ["too_large"]


def test_a_message_goes_to_those_whose_filter_it_matches() -> None:
    observer, plant, four = FakeObserver(), list[str](), list[str]()
    listeners = Listeners(observer.mqtt_heard)
    listeners.add("plant/#", lambda one: plant.append(one.topic))
    listeners.add("plant/+/scanner", lambda one: four.append(one.topic))
    for topic in ("plant/4/scanner", "plant/4", "elsewhere"):
        listeners.take(Inbound(topic, b""))

    assert plant == ["plant/4/scanner", "plant/4"]
    assert four == ["plant/4/scanner"]
    assert observer.heard == {"taken": 3, "unwanted": 1}


def test_one_that_fails_harms_no_other(caplog: pytest.LogCaptureFixture) -> None:
    observer, heard, numbers = FakeObserver(), list[Inbound](), list[int]()
    listeners = Listeners(observer.mqtt_heard)
    listeners.add("a", lambda one: numbers.append(int(one.payload)))
    listeners.add("a", heard.append)
    with caplog.at_level(logging.ERROR):
        listeners.take(Inbound("a", b"\xff"))

    assert len(heard) == 1
    assert observer.heard == {"taken": 1, "failed": 1}
    assert "because of a bug" in caplog.text


def is_filter(topics: str) -> bool:
    try:
        check_filter(topics)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize("topics", ["a", "a/+/b", "+/+", "#", "a/#", "/a"])
def test_a_topic_filter_is_one(topics: str) -> None:
    assert is_filter(topics)


@pytest.mark.parametrize("topics", ["", "a#", "a/#/b", "a+", "a/b+/c", "a\0"])
def test_what_is_none_is_refused(topics: str) -> None:
    assert not is_filter(topics)
