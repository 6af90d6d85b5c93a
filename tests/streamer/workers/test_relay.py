"""What a worker tells its audience is what the supervisor's onlookers are told."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np

from recognizers.prediction import Prediction
from streamer.audience import Onlookers
from streamer.feed import Feed
from streamer.history import History, Limits, Wanted
from streamer.register import Register
from streamer.sources.reconnect import Change
from streamer.testing.time import FakeClock
from streamer.views import StreamView, WatchView
from streamer.wire import Message
from streamer.workers.relay import Heard, Relay

VIEW = StreamView("cam", "rtsp", "rtsp://cam/", (WatchView("bench", "light", ("rest", "work"), (0.0, 0.0, 1.0, 1.0)),))


def message(stream: str = "cam") -> Message:
    body: dict[str, object] = {"type": "action", "watch": "bench", "action": "work", "at": "2026-11-27T00:00:00.000Z"}
    return Message(stream, "action", uuid4(), f"{stream}/events", body, 1_700_000_000.0, seq=3, term=7)


async def test_all_of_it_arrives_over_json(tmp_path: Path) -> None:
    clock = FakeClock()
    async with History.open(tmp_path / "history.db", Limits(), clock) as history:
        onlookers = Onlookers(Register(clock), Feed(clock), history)
        heard = Heard(onlookers, lambda stream: stream == "cam")

        def tell(what: str, **rest: object) -> None:
            heard(json.loads(json.dumps({"tell": what, **rest}, default=str)))

        relay = Relay(tell, clock)
        with onlookers.feed.viewing(lambda _: True) as viewer:
            onlookers.came(replace(VIEW, watches=(), origin="api"))
            relay.came(VIEW)
            relay.changed("cam", Change("live", 17))
            relay.decoded("cam", 5)
            relay.shown("cam/bench/state", {"state": "work"})
            relay.stored([message()])
            relay.answered(_prediction(), ["rest", "work"])
            told = viewer.rest().decode()
        view = onlookers.register.view("cam")
        (entry,) = await history.page(Wanted(), None, 10)

    assert (view.watches, view.state, view.epoch, view.origin) == (VIEW.watches, "live", 17, "api")
    assert json.loads(entry.body)["seq"] == 3
    assert (entry.stream, entry.action) == ("cam", "work")
    assert 'event: state\ndata: {"stream":"cam","body":{"state":"work"},"watch":"bench"}' in told
    assert '"scores":{"work":0.75,"rest":0.25}' in told
    assert "event: action" in told


async def test_what_is_said_of_a_stream_that_another_has_is_not_believed_but_its_events_count(tmp_path: Path) -> None:
    clock = FakeClock()
    async with History.open(tmp_path / "history.db", Limits(), clock) as history:
        onlookers = Onlookers(Register(clock), Feed(clock), history)
        onlookers.came(VIEW)
        heard = Heard(onlookers, lambda stream: False)

        def tell(what: str, **rest: Any) -> None:
            heard({"tell": what, **rest})

        old = Relay(tell, clock)
        old.changed("cam", Change("live", 99))
        old.shown("cam/bench/state", {"state": "work"})
        old.went("cam")
        old.stored([message()])
        entries = await history.page(Wanted(), None, 10)
    assert onlookers.register.view("cam").state == "connecting"
    assert onlookers.feed.document("cam/bench/state") is None
    assert len(entries) == 1


async def test_scores_are_told_a_few_times_a_second() -> None:
    clock, told = FakeClock(), list[Mapping[str, object]]()

    def tell(what: str, **rest: object) -> None:
        told.append({"tell": what, **rest})

    relay = Relay(tell, clock)
    for _ in range(100):
        relay.answered(_prediction(), ["rest", "work"])
        await clock.advance(0.01)
    assert len(told) == 4


def _prediction() -> Prediction:
    return Prediction("cam", "bench", 1, 0, 0.0, 1.0, 1_700_000_000.0, 0.0, np.array([0.25, 0.75], np.float32))
