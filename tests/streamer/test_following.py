"""Streams come, stop, begin anew and go while a worker runs, and the others never notice. Time is virtual."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streamer.errors import ConfigError, NotNow
from streamer.event import Reason
from streamer.following import Following, Turn
from streamer.frame import Frame
from streamer.plan import Beside, StreamPlan
from streamer.sources.base import Source
from streamer.testing.recognizers import CountingRecognizer
from tests.streamer.one_worker import FOR_EVER, Plant

LEAVING = {"stop": "stopped", "remove": "removed", "change": "changed"}


class Floor:
    """A plant with one camera, `steady`, and whatever comes beside it."""

    def __init__(self, folder: Path) -> None:
        self.plant = Plant(folder)
        self.plant.camera("steady", FOR_EVER)
        self.plant.loss_free = {"steady"}  # virtual time does not wait for networks
        self._there: asyncio.Future[Following] = asyncio.get_running_loop().create_future()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Following]:
        async def steer(following: Following) -> None:
            self._there.set_result(following)

        self.plant.steer = steer
        async with self.plant.running():
            await self.plant.until(self._there.done)
            await self.plant.until(lambda: self.plant.told("steady") == [("started", None)])
            yield self._there.result()

    async def during(self, following: Following, turn: Turn) -> None:
        """A turn is done while time goes on."""
        await self.plant.done(following.apply(turn))

    async def add(self, following: Following, name: str, *script: list[float], recognizer: str = "counter") -> None:
        self.plant.camera(name, *(script or (FOR_EVER,)))
        await self.during(following, self.coming(name, recognizer=recognizer))

    def coming(self, *names: str, recognizer: str = "counter", leaving: Reason | None = None) -> Turn:
        """A turn in which they join, or begin anew for a reason."""
        new = (
            {}
            if recognizer == "counter"
            else {recognizer: self.plant.load(recognizer, self.plant.checkpoint("other", CountingRecognizer()))}
        )

        def plans(models: object) -> list[StreamPlan]:
            return [self.plant.planned(name, recognizer) for name in names]

        return Turn({} if leaving is None else dict.fromkeys(names, leaving), plans, new)

    def assert_steady(self) -> None:
        """Nobody noticed: one connection, one action, no clip lost."""
        assert self.plant.told("steady") == [("started", None)]
        assert self.plant.source("steady").attempts == 1
        assert self.plant.lost("steady") == 0


@pytest.fixture
async def floor(tmp_path: Path) -> Floor:
    return Floor(tmp_path)


async def test_a_stream_that_joins_is_watched_and_shown_and_disturbs_nobody(floor: Floor) -> None:
    async with floor.running() as following:
        await floor.add(following, "new")
        await floor.plant.until(lambda: floor.plant.told("new") == [("started", None)])

        assert list(following.streams) == ["steady", "new"]
        assert floor.plant.status("new") == ("online", "live")
        await floor.plant.until(lambda: "new/bench/last/1m" in floor.plant.sink.states)
        assert floor.plant.recognized("new") > 0
        floor.assert_steady()
    assert floor.plant.told("new") == [("started", None), ("ended", "shutdown")]


async def test_one_that_is_removed_ends_its_action_and_nothing_of_it_is_left(floor: Floor) -> None:
    async with floor.running() as following:
        await floor.add(following, "new")
        await floor.plant.until(lambda: floor.plant.told("new") == [("started", None)])
        await floor.during(following, Turn({"new": Reason.REMOVED}))
        await floor.plant.until(lambda: len(floor.plant.told("new")) == 2)
        await floor.plant.clock.advance(5.0)

        assert floor.plant.told("new") == [("started", None), ("ended", "removed")]
        assert floor.plant.source("new").open == 0
        assert not [topic for topic in floor.plant.sink.states if topic.startswith("new/")]
        assert "new/+/andon/ack" not in floor.plant.sink.listeners
        assert 'stream="new"' not in floor.plant.metrics.exposition().decode()
        floor.assert_steady()


async def test_one_that_is_stopped_is_shown_as_that_until_it_is_started(floor: Floor) -> None:
    async with floor.running() as following:
        await floor.add(following, "new")
        await floor.plant.until(lambda: floor.plant.told("new") == [("started", None)])
        for _ in range(2):
            await floor.plant.done(following.stop("new"))
        await floor.plant.until(lambda: len(floor.plant.told("new")) == 2)
        await floor.plant.clock.advance(20.0)
        assert floor.plant.told("new") == [("started", None), ("ended", "stopped")]
        assert floor.plant.status("new") == ("offline", "stopped")
        assert floor.plant.source("new").open == 0

        await following.start("new")
        connecting = 'takt_stream_state{state="connecting",stream="new"} 1.0'
        assert connecting in floor.plant.metrics.exposition().decode(), "who started it is told so at once"
        await floor.plant.done(following.start("new"))
        await floor.plant.until(lambda: len(floor.plant.told("new")) == 3)
        assert floor.plant.status("new") == ("online", "live")
        floor.assert_steady()


class Clinging:
    """A source that fails while it is closed, as nobody foresaw."""

    def __init__(self, inner: Source) -> None:
        self.inner, self.closed = inner, 0

    async def frames(self, epoch: int) -> AsyncGenerator[Frame, None]:
        try:
            async with aclosing(self.inner.frames(epoch)) as frames:
                async for frame in frames:
                    yield frame
        finally:
            self.closed += 1
            if self.closed == 1:
                raise ZeroDivisionError("a bug")


async def test_one_that_fails_while_it_ends_is_ended_all_the_same(floor: Floor) -> None:
    async with floor.running() as following:
        floor.plant.camera("new", FOR_EVER)
        floor.plant.sources["new"] = clinging = Clinging(floor.plant.sources["new"])
        await floor.during(following, floor.coming("new"))
        await floor.plant.until(lambda: floor.plant.told("new") == [("started", None)])
        await floor.during(following, Turn({"new": Reason.REMOVED}))
        await floor.plant.until(lambda: len(floor.plant.told("new")) == 2)
        await floor.plant.clock.advance(30.0)
        assert floor.plant.told("new") == [("started", None), ("ended", "removed")]
        assert clinging.closed == 1
        floor.assert_steady()


async def test_one_that_fails_while_the_service_ends_does_not_hold_it_up(floor: Floor) -> None:
    async with floor.running() as following:
        floor.plant.camera("new", FOR_EVER)
        floor.plant.sources["new"] = clinging = Clinging(floor.plant.sources["new"])
        await floor.during(following, floor.coming("new"))
        await floor.plant.until(lambda: floor.plant.told("new") == [("started", None)])
    assert clinging.closed == 1
    assert floor.plant.told("new") == [("started", None), ("ended", "shutdown")]


async def test_one_that_changes_begins_anew_with_a_higher_epoch(floor: Floor) -> None:
    async with floor.running() as following:
        await floor.add(following, "new")
        await floor.plant.until(lambda: floor.plant.told("new") == [("started", None)])
        before = following.stages("new").epoch
        await floor.during(following, floor.coming("new", leaving=Reason.CHANGED))
        await floor.plant.until(lambda: len(floor.plant.told("new")) == 3)

        assert floor.plant.told("new")[1:] == [("ended", "changed"), ("started", None)]
        after = following.stages("new").epoch
        assert before is not None
        assert after is not None
        assert after > before
        assert floor.plant.sink.states["new/status"]["status"] == "online"
        floor.assert_steady()


async def test_a_change_leaves_a_stopped_stream_stopped(floor: Floor) -> None:
    async with floor.running() as following:
        await floor.add(following, "new")
        await floor.plant.done(following.stop("new"))
        turn = floor.coming("new", leaving=Reason.CHANGED)
        await floor.during(following, Turn(turn.leaving, turn.joining, stopped=["new"]))
        await floor.plant.clock.advance(5.0)
        assert following.is_stopped("new")
        assert floor.plant.status("new") == ("offline", "stopped")
        assert following.watched == [one for one in following.watched if one.id == "steady"]


async def test_a_recognizer_comes_with_the_first_that_uses_it_and_goes_with_the_last(floor: Floor) -> None:
    async with floor.running() as following:
        await floor.add(following, "new", recognizer="other")
        await floor.plant.until(lambda: floor.plant.told("new") == [("started", None)])
        assert list(following.models) == ["counter", "other"]
        await floor.during(following, Turn({"new": Reason.REMOVED}))
        assert list(following.models) == ["counter"]
        await floor.plant.clock.advance(1.0)
        assert 'recognizer="other"' not in floor.plant.metrics.exposition().decode()
        floor.assert_steady()


async def test_a_recognizer_that_is_let_go_leaves_nothing_in_memory(floor: Floor) -> None:
    async with floor.running() as following:
        await floor.add(following, "new", recognizer="other")
        await floor.plant.until(lambda: floor.plant.told("new") == [("started", None)])
        network = weakref.ref(floor.plant.networks.pop("other"))
        await floor.during(following, Turn({"new": Reason.REMOVED}))
        await floor.plant.clock.advance(2.0)
        gc.collect()
        assert network() is None


async def test_a_shadow_sees_who_joins_and_forgets_who_goes(floor: Floor) -> None:
    floor.plant.shadows["counter"] = floor.plant.checkpoint("candidate", CountingRecognizer())
    async with floor.running() as following:
        await floor.plant.until(lambda: 'role="shadow"' in floor.plant.metrics.exposition().decode())
        for name in ("new", "brief"):
            await floor.add(following, name)
        await floor.plant.until(lambda: floor.plant.told("new") == floor.plant.told("brief") == [("started", None)])
        await floor.during(following, Turn({"brief": Reason.REMOVED}))
        promoted = await floor.plant.asked(do="promote")

        assert (promoted["result"], promoted["warm"]) == ("promoted", True)
        for name in ("steady", "new"):
            assert following.stages(name).watches["bench"].model == promoted["model"]
            assert floor.plant.told(name) == [("started", None)]


async def test_whoever_looks_besides_comes_and_goes_with_the_stream(floor: Floor) -> None:
    told: list[str] = []
    beside = (Beside(lambda: told.append("join"), lambda: told.append("leave")),)
    async with floor.running() as following:
        floor.plant.camera("new", FOR_EVER)
        plan = replace(floor.plant.planned("new"), beside=beside)
        await floor.during(following, Turn(joining=lambda _: [plan]))
        await floor.plant.done(following.stop("new"))
        await floor.plant.done(following.start("new"))
        assert told == ["join"]
        await floor.during(following, Turn({"new": Reason.CHANGED}, lambda _: [plan]))
        assert told == ["join", "join"]
        await floor.during(following, Turn({"new": Reason.REMOVED}))
        assert told == ["join", "join", "leave"]


async def test_topics_of_a_stream_are_where_it_is_also_of_what_waits_when_it_is_gone(floor: Floor) -> None:
    async with floor.running() as following:
        floor.plant.camera("new", FOR_EVER)
        plan = replace(floor.plant.planned("new"), prefix="hall/takt")
        await floor.during(following, Turn(joining=lambda _: [plan]))
        assert floor.plant.prefixes == {"new": "hall/takt"}
        await floor.during(following, Turn({"new": Reason.REMOVED}))
        assert floor.plant.prefixes == {"new": "hall/takt"}


async def test_what_cannot_be_made_changes_nothing(floor: Floor) -> None:
    def cannot_be_made(_: object) -> list[StreamPlan]:
        raise ConfigError(["told so"])

    async with floor.running() as following:
        await floor.add(following, "new")
        await floor.plant.until(lambda: floor.plant.told("new") == [("started", None)])
        with pytest.raises(ConfigError, match="told so"):
            await floor.during(following, Turn({"new": Reason.REMOVED}, cannot_be_made))
        await floor.plant.clock.advance(2.0)
        assert floor.plant.told("new") == [("started", None)]
        assert list(following.streams) == ["steady", "new"]


async def test_clips_that_are_looked_at_while_their_stream_goes_are_forgotten(floor: Floor) -> None:
    async with floor.running() as following:
        await floor.add(following, "new")
        await floor.plant.until(lambda: floor.plant.told("new") == [("started", None)])
        floor.plant.recognizer.entered.clear()
        floor.plant.recognizer.gate.clear()
        await floor.plant.until(floor.plant.recognizer.entered.is_set)
        await floor.during(following, Turn({"new": Reason.REMOVED}))
        before = floor.plant.recognized("steady")
        floor.plant.recognizer.gate.set()
        await floor.plant.until(lambda: floor.plant.recognized("steady") > before + 2)
        await floor.plant.until(lambda: len(floor.plant.told("new")) == 2)
        assert floor.plant.told("new") == [("started", None), ("ended", "removed")]
        assert floor.plant.told("steady") == [("started", None)]


async def test_the_service_ends_with_its_last_recording_but_not_because_a_stream_goes(tmp_path: Path) -> None:
    plant = Plant(tmp_path)
    plant.camera("short", FOR_EVER[:5])
    plant.camera("cam", FOR_EVER)
    there: asyncio.Future[Following] = asyncio.get_running_loop().create_future()

    async def steer(following: Following) -> None:
        there.set_result(following)

    plant.steer = steer
    async with plant.running() as worker:
        await plant.until(there.done)
        following = there.result()
        await plant.until(lambda: len(plant.told("short")) == 2)
        await plant.done(following.apply(Turn({"cam": Reason.REMOVED})))
        await plant.clock.advance(30.0)
        assert not worker.done()
        await plant.done(following.start("short"))
        await plant.until(worker.done)
    assert plant.told("short") == [("started", None), ("ended", "source_ended")] * 2
    with pytest.raises(NotNow, match="ends now"):
        await following.apply(Turn())


OPERATIONS = st.lists(
    st.tuples(st.sampled_from(["add", "remove", "change", "stop", "start", "wait"]), st.sampled_from("abc")),
    max_size=12,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(operations=OPERATIONS)
def test_whatever_comes_and_goes_every_start_has_one_end(
    tmp_path_factory: pytest.TempPathFactory, operations: list[tuple[str, str]]
) -> None:
    asyncio.run(_whatever_comes_and_goes(Floor, tmp_path_factory.mktemp("floor"), operations))


async def _whatever_comes_and_goes(floor_of: type[Floor], folder: Path, operations: list[tuple[str, str]]) -> None:
    floor = floor_of(folder)
    async with floor.running() as following:
        for what, name in operations:
            if what == "wait":
                await floor.plant.clock.advance(0.7)
            elif what == "add" and name not in following.streams:
                await floor.add(following, name)
            elif name in following.streams and what == "remove":
                await floor.during(following, Turn({name: Reason.REMOVED}))
            elif name in following.streams and what == "change":
                stopped = [name] if following.is_stopped(name) else []
                turn = floor.coming(name, leaving=Reason.CHANGED)
                await floor.during(following, Turn(turn.leaving, turn.joining, stopped=stopped))
            elif name in following.streams and what in ("stop", "start"):
                await floor.plant.done(following.stop(name) if what == "stop" else following.start(name))
        floor.assert_steady()
        watched = {one.id for one in following.watched}
        assert {name for name in "abc" if name in floor.plant.sources and floor.plant.source(name).open} <= watched
    for name in "abc":
        told = floor.plant.told(name)
        assert [phase for phase, _ in told] == ["started", "ended"] * (len(told) // 2)
        assert {reason for phase, reason in told if phase == "ended"} <= {*LEAVING.values(), "shutdown"}
        numbers = [message.seq for message in floor.plant.sink.messages if message.stream == name]
        assert numbers == list(range(1, len(told) + 1))
