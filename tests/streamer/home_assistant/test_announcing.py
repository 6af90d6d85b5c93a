"""When devices are announced, and when they are taken away."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from streamer.home_assistant.announcing import FILE, Announcer
from streamer.home_assistant.components import Topics
from streamer.sinks.base import Heard, Inbound
from streamer.sinks.station import Station

BENCH = Station("cam", "bench", ("pick", "tighten"))
SHELF = Station("cam", "shelf", ("take",))
CONFIG = "homeassistant/device/takt_cam_{}/config"


class FakeBroker:
    """Keeps what is retained; takes it at once, unless it is away."""

    def __init__(self) -> None:
        self.retained: dict[str, str] = {}
        self.told: list[str] = []
        self.given: list[str] = []
        self.listeners: dict[str, Heard] = {}
        self.away = False

    def retain(self, topic: str, payload: str, kept: Callable[[], None] | None = None) -> None:
        self.told.append(topic)
        if self.away:
            return
        self.retained[topic] = payload
        if kept is not None:
            kept()

    def listen(self, topics: str, heard: Heard, *, below_prefix: bool = False) -> None:
        assert not below_prefix
        self.listeners[topics] = heard

    def give(self, topics: Iterable[str]) -> None:
        self.given += topics

    def components(self, watch: str) -> dict[str, Any]:
        shown: dict[str, Any] = json.loads(self.retained[CONFIG.format(watch)])["cmps"]
        return shown


def announcer(broker: FakeBroker, folder: Path) -> Announcer:
    return Announcer(broker, folder, "homeassistant", Topics("takt", "takt/service/x/status"), "1.0")


def test_each_watch_is_announced_once(tmp_path: Path) -> None:
    broker = FakeBroker()
    announcer(broker, tmp_path).announce([BENCH, SHELF])
    assert sorted(broker.told) == [CONFIG.format("bench"), CONFIG.format("shelf")]


def test_home_assistant_is_told_again_when_it_starts(tmp_path: Path) -> None:
    broker = FakeBroker()
    announcer(broker, tmp_path).announce([BENCH])
    broker.retained.clear()
    birth = broker.listeners["homeassistant/status"]
    for not_news in (
        Inbound("homeassistant/status", b"offline"),
        Inbound("homeassistant/status", b"online", retained=True),
    ):
        birth(not_news)
        assert not broker.retained

    birth(Inbound("homeassistant/status", b"online"))

    assert list(broker.retained) == [CONFIG.format("bench")]


def test_a_watch_that_is_no_more_is_taken_away_by_an_empty_message(tmp_path: Path) -> None:
    broker = FakeBroker()
    announcer(broker, tmp_path).announce([BENCH, SHELF])
    announcer(broker, tmp_path).announce([BENCH])

    assert broker.retained[CONFIG.format("shelf")] == ""
    broker.told.clear()
    announcer(broker, tmp_path).announce([BENCH])
    assert broker.told == [CONFIG.format("bench")]


def test_what_could_not_be_taken_away_is_taken_away_after_the_next_start(tmp_path: Path) -> None:
    broker = FakeBroker()
    announcer(broker, tmp_path).announce([BENCH, SHELF])
    broker.away = True
    announcer(broker, tmp_path).announce([BENCH])
    broker.away = False
    announcer(broker, tmp_path).announce([BENCH])

    assert broker.retained[CONFIG.format("shelf")] == ""


def test_all_of_it_goes_where_nothing_is_to_be_announced_any_more(tmp_path: Path) -> None:
    broker = FakeBroker()
    announcer(broker, tmp_path).announce([BENCH, SHELF])
    announcer(broker, tmp_path).announce([])
    assert set(broker.retained.values()) == {""}


def test_an_action_that_is_no_more_is_taken_away_by_its_platform_alone(tmp_path: Path) -> None:
    broker = FakeBroker()
    announcer(broker, tmp_path).announce([BENCH])
    for _ in range(2):  # Home Assistant may have been away the first time
        announcer(broker, tmp_path).announce([replace(BENCH, actions=("pick",))])
        assert broker.components("bench")["doing_tighten"] == {"p": "binary_sensor"}
        assert broker.components("bench")["count_tighten"] == {"p": "sensor"}
        assert "stat_t" in broker.components("bench")["doing_pick"]


def test_an_action_that_comes_back_is_whole_again(tmp_path: Path) -> None:
    broker = FakeBroker()
    one = announcer(broker, tmp_path)
    for actions in (BENCH.actions, ("pick",), BENCH.actions):
        one.announce([replace(BENCH, actions=actions)])
    assert "stat_t" in broker.components("bench")["doing_tighten"]


def test_what_is_gone_is_not_remembered_without_bound(tmp_path: Path) -> None:
    broker = FakeBroker()
    for n in range(300):
        announcer(broker, tmp_path).announce([replace(BENCH, actions=(f"do-{n}",))])
    assert 200 <= len(broker.components("bench")) <= 210
    assert broker.components("bench")["doing_do-298"] == {"p": "binary_sensor"}


@pytest.mark.parametrize("text", ["{", "[]", '{"a": 1}'])
def test_a_broken_file_costs_only_the_memory_of_what_is_gone(
    tmp_path: Path, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / FILE).write_text(text)
    broker = FakeBroker()
    with caplog.at_level(logging.ERROR):
        announcer(broker, tmp_path).announce([BENCH])
    assert "cannot be read" in caplog.text
    assert "stat_t" in broker.components("bench")["action"]
    json.loads((tmp_path / FILE).read_text())


def test_a_folder_that_takes_no_file_stops_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / FILE).mkdir()
    broker = FakeBroker()
    announcer(broker, tmp_path).announce([BENCH])
    assert "devices may stay in Home Assistant" in caplog.text
    assert CONFIG.format("bench") in broker.retained


def test_a_device_that_somebody_else_announces_by_now_is_theirs(tmp_path: Path) -> None:
    broker, topics = FakeBroker(), Topics("takt", "takt/service/x/status")
    one = Announcer(broker, tmp_path, "homeassistant", topics, "1.0", lambda stream: stream == "moved")
    moved, gone = (Station(stream, "bench", ("pick",)) for stream in ("moved", "gone"))
    one.announce([BENCH, moved, gone])
    broker.told.clear()
    one.announce([BENCH])
    config = "homeassistant/device/takt_{}_bench/config"
    assert broker.given == [config.format("moved")]
    assert broker.told == [config.format("cam"), config.format("gone")]
    assert broker.retained[config.format("moved")]
    assert not broker.retained[config.format("gone")]
    broker.told.clear()
    broker.listeners["homeassistant/status"](Inbound("homeassistant/status", b"online"))
    assert broker.told == [config.format("cam")]
