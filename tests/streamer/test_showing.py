"""What a late comer finds on the retained topics, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from recognizers.clip import WHOLE_PICTURE, ClipSpec
from streamer.event import Phase, Reason
from streamer.showing import Showing, ShowOptions, acknowledgement
from streamer.sinks.base import Inbound
from streamer.stages import Watch
from streamer.testing.messages import action_event, step_event
from streamer.testing.sinks import FakeSink
from streamer.testing.time import FakeClock
from tests.schemas import validate

SPEC = ClipSpec(frames=8, interval_s=0.1, hop_s=0.5, short_side_px=64)
BENCH = Watch("bench", "cell", SPEC, ("idle", "tighten"), "idle", WHOLE_PICTURE, 0.5, {}, "3f2a9c81b7d0")


class Counts:
    def __init__(self) -> None:
        self.told: list[str] = []

    def acknowledged(self, outcome: str) -> None:
        self.told.append(outcome)


class Wall:
    """A board over one stream, and the time it hangs there."""

    def __init__(self, options: ShowOptions) -> None:
        self.clock, self.sink, self.counts = FakeClock(), Published(), Counts()
        self.frame_s: float | None = None
        self.showing = Showing({"cam": (BENCH,)}, self.sink, options, self.clock, self.counts)

    def read(self, topic: str) -> dict[str, Any]:
        return validate(self.sink.states[f"cam/{topic}"])

    def say(self, topic: str, payload: bytes, **more: bool) -> None:
        self.sink.hear(Inbound(f"cam/{topic}", payload, **more))

    async def looks(self, seconds: float) -> None:
        """Pictures come and are answered for a while."""
        for _ in range(round(seconds * 4)):
            await self.clock.advance(0.25)
            self.frame_s = self.clock.monotonic()
            self.showing.answered("cam", "bench")


class Published(FakeSink):
    """Remembers how often each topic was published."""

    def __init__(self) -> None:
        super().__init__()
        self.times: dict[str, list[object]] = {}

    def state(self, topic: str, payload: Any) -> None:
        super().state(topic, payload)
        self.times.setdefault(topic, []).append(payload)


@asynccontextmanager
async def hanging(options: ShowOptions | None = None) -> AsyncIterator[Wall]:
    wall = Wall(options or ShowOptions())
    async with asyncio.TaskGroup() as group:
        task = group.create_task(wall.showing.run(lambda _: wall.frame_s))
        await wall.clock.advance(0.0)
        yield wall
        task.cancel()


async def test_everything_is_there_before_anything_happens() -> None:
    async with hanging() as wall:
        topics = {"status", "bench/state", "bench/andon", "bench/last/1m", "bench/last/5m", "bench/last/15m"}
        assert set(wall.sink.states) == {f"cam/{topic}" for topic in topics}
        assert wall.sink.shown == set(wall.sink.states), "what is none of these is taken away"
        assert wall.read("status") | {"since": ""} == {
            "schema": "takt.status.v1", "stream": "cam", "status": "offline", "reason": "connecting", "since": "",
            "sight": "unknown", "models": {"bench": "3f2a9c81b7d0"},
        }  # fmt: skip
        assert wall.read("bench/andon")["colour"] == "amber", "nobody sees the bench"


async def test_an_action_is_shown_within_a_moment_and_so_is_its_end() -> None:
    async with hanging() as wall:
        started = replace(action_event(), stream="cam")
        wall.showing.tell(started)
        await wall.clock.advance(0.25)
        assert wall.read("bench/state")["action"]["action"] == "tighten"
        await wall.clock.advance(1.0)
        assert wall.read("bench/last/1m")["actions"]["tighten"]["count"] == 1
        wall.showing.tell(replace(started, phase=Phase.ENDED, reason=Reason.COMPLETED, at=started.at + 2))
        await wall.clock.advance(0.25)
        assert wall.read("bench/state")["action"] is None


async def test_nothing_is_published_while_nothing_changes() -> None:
    async with hanging() as wall:
        wall.showing.connection("cam", True, "live")
        await wall.looks(10)
        before = {topic: len(times) for topic, times in wall.sink.times.items()}
        await wall.looks(600)

        assert {topic: len(times) for topic, times in wall.sink.times.items()} == before


async def test_a_storm_of_events_is_published_at_a_bounded_rate() -> None:
    async with hanging() as wall:
        wall.showing.connection("cam", True, "live")
        await wall.looks(10)
        before = {topic: len(times) for topic, times in wall.sink.times.items()}
        for _ in range(40):
            for _ in range(50):
                wall.showing.tell(replace(action_event(), stream="cam"))
            await wall.looks(0.25)

        after = {topic: len(times) - before[topic] for topic, times in wall.sink.times.items()}
        assert after["cam/bench/state"] <= 41
        assert after["cam/bench/last/1m"] <= 13, "once a second, and when the window moves"


async def test_a_window_moves_on_though_nothing_happens_any_more() -> None:
    async with hanging() as wall:
        wall.showing.tell(replace(action_event(), stream="cam"))
        await wall.clock.advance(5.0)
        assert wall.read("bench/last/1m")["actions"]["tighten"]["count"] == 1
        await wall.clock.advance(60.0)
        assert wall.read("bench/last/1m")["actions"]["tighten"]["count"] == 0
        assert wall.read("bench/last/5m")["actions"]["tighten"]["count"] == 1
        assert wall.read("bench/last/1m")["actions"]["tighten"]["dwell_s"]["total"] > 50, "it still goes on"


async def test_a_stream_without_pictures_is_stalled_and_its_lamp_says_so() -> None:
    async with hanging(ShowOptions(stalled_s=5.0)) as wall:
        wall.showing.connection("cam", True, "live")
        await wall.looks(2)
        assert wall.read("status")["status"] == "online"
        assert wall.read("bench/andon")["colour"] == "green"
        await wall.clock.advance(6.0)
        assert (wall.read("status")["status"], wall.read("status")["reason"]) == ("stalled", "no_frames")
        assert wall.read("bench/andon")["reason"] == "stalled"
        await wall.looks(1)
        assert wall.read("status")["status"] == "online"
        assert wall.read("bench/andon")["colour"] == "green"


async def test_a_stream_that_is_looked_at_less_often_says_so_for_as_long() -> None:
    async with hanging() as wall:
        wall.showing.connection("cam", True, "live")
        await wall.looks(1)
        assert "degraded" not in wall.read("status")
        wall.showing.degraded("cam", 2)
        await wall.looks(0.5)
        assert wall.read("status")["degraded"] == 2
        wall.showing.degraded("cam", 0)
        await wall.looks(0.5)
        assert "degraded" not in wall.read("status")


async def test_pictures_that_show_nothing_are_told() -> None:
    async with hanging() as wall:
        wall.showing.connection("cam", True, "live")
        await wall.looks(1)
        wall.showing.sight("cam", "dark")
        await wall.looks(0.5)
        assert (wall.read("status")["status"], wall.read("status")["sight"]) == ("online", "dark")
        assert wall.read("bench/andon")["reason"] == "blind"
        wall.showing.connection("cam", False, "timeout")
        assert wall.read("status")["sight"] == "unknown", "nobody looks"
        wall.showing.connection("cam", True, "live")
        wall.showing.sight("cam", None)
        await wall.looks(0.5)
        assert wall.read("status")["sight"] == "clear"
        assert wall.read("bench/andon")["colour"] == "green"


async def lit(wall: Wall) -> None:
    wall.showing.connection("cam", True, "live")
    wall.showing.tell(step_event())
    await wall.looks(0.5)
    assert wall.read("bench/andon")["colour"] == "red"


async def test_an_acknowledgement_is_shown_at_once() -> None:
    async with hanging() as wall:
        await lit(wall)
        wall.say("bench/andon/ack", b'{"by": "anna"}')
        lamp = wall.read("bench/andon")
        assert (lamp["colour"], lamp["acknowledged"], lamp["acknowledged_by"]) == ("red", True, "anna")
        wall.say("bench/andon/ack", b'{"by": "anna", "resolved": true}')
        assert wall.read("bench/andon")["colour"] == "green"

    assert wall.counts.told == ["taken", "taken"]


@pytest.mark.parametrize(
    ("topic", "payload", "retained"),
    [
        ("bench/andon/ack", b"anna", False),
        ("bench/andon/ack", b'{"by": 4}', False),
        ("bench/andon/ack", b'{"by": "anna", "colour": "green"}', False),
        ("bench/andon/ack", b'{"by": "' + b"x" * 65 + b'"}', False),
        ("bench/andon/ack", b"[" * 5000, False),
        ("bench/andon/ack", b'{"by": "anna"}', True),
        ("door/andon/ack", b'{"by": "anna"}', False),
    ],
    ids=["no JSON", "no name", "unknown key", "too long", "too deep", "retained", "unknown watch"],
)
async def test_what_is_no_acknowledgement_is_refused_and_changes_nothing(
    topic: str, payload: bytes, retained: bool
) -> None:
    async with hanging() as wall:
        await lit(wall)
        wall.say(topic, payload, retained=retained)
        assert not wall.read("bench/andon")["acknowledged"]

    assert wall.counts.told == ["refused"]


def test_nothing_at_all_is_an_acknowledgement_by_nobody_in_particular() -> None:
    assert acknowledgement(b"") == acknowledgement(b" ") == ("", False)


async def test_who_wants_no_acknowledgements_listens_to_none() -> None:
    async with hanging(ShowOptions(acknowledge=False)) as wall:
        assert not wall.sink.listeners


async def test_in_the_end_everything_is_offline() -> None:
    async with hanging() as wall:
        wall.showing.connection("cam", True, "live")
        await wall.looks(1)
        wall.showing.close()
        assert (wall.read("status")["status"], wall.read("status")["reason"]) == ("offline", "shutdown")
        assert wall.read("bench/andon")["reason"] == "offline"


async def test_events_of_a_watch_that_is_no_more_are_nobodys() -> None:
    async with hanging() as wall:
        wall.showing.tell(replace(action_event(), stream="gone"))
        wall.showing.tell(replace(action_event(), stream="cam", watch="gone"))
        await wall.clock.advance(1.0)
        assert wall.read("bench/state")["counts"]["actions"] == {}


async def test_everything_can_be_published_again() -> None:
    async with hanging() as wall:
        await wall.clock.advance(1.0)
        before = {topic: len(times) for topic, times in wall.sink.times.items()}
        wall.showing.again("cam")
        assert all(len(times) > before[topic] for topic, times in wall.sink.times.items())
