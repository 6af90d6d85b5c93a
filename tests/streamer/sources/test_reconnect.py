"""One loop retries all kinds: when, how often, and what it says."""

from __future__ import annotations

import random
from contextlib import aclosing
from itertools import count

import pytest

from streamer.errors import RecordingBroken, SourceRejected, SourceUnavailable
from streamer.frame import Frame
from streamer.sources.reconnect import Change, RetryPolicy, reconnecting
from streamer.testing.sources import Failure, ScriptedSource
from streamer.testing.time import FakeClock

GONE = SourceUnavailable("refused", "cam refused")
WRONG = SourceRejected("auth", "cam refused the password")
POLICY = RetryPolicy()


class Run:
    """A source retried on virtual time until it ends or `attempts` are over."""

    def __init__(self, *scripts: list[float | Failure]) -> None:
        self.clock = FakeClock(hurried=True)
        self.source = ScriptedSource("cam", scripts, self.clock)
        self.changes: list[Change] = []
        self.frames: list[Frame] = []

    async def until(self, attempts: int) -> Run:
        epochs = count(7)

        async def next_epoch() -> int:
            if self.source.attempts == attempts:
                raise LookupError("enough")
            return next(epochs)

        stream = reconnecting(self.source, next_epoch, POLICY, self.clock, self.changes.append, random.Random(3))
        async with aclosing(stream) as frames:
            try:
                async for frame in frames:
                    self.frames.append(frame)
            except LookupError:
                pass
        return self

    @property
    def states(self) -> list[str]:
        return [change.state for change in self.changes]


async def test_every_attempt_is_an_epoch_of_its_own() -> None:
    run = await Run([0.0, 0.04, GONE], [0.0, GONE]).until(2)
    assert [frame.epoch for frame in run.frames] == [7, 7, 8]
    assert run.states == ["connecting", "live", "backoff", "connecting", "live", "backoff"]
    assert run.changes[2] == Change("backoff", 7, "refused", "cam refused", run.changes[2].retry_in_s)


async def test_a_recordings_end_is_the_end() -> None:
    run = await Run([0.0, 0.04]).until(5)
    assert run.states == ["connecting", "live", "ended"]
    assert run.source.attempts == 1


async def test_a_recording_that_breaks_is_not_begun_again() -> None:
    run = await Run([0.0, 0.04, RecordingBroken("ts_jump", "film jumps")], [0.0]).until(2)
    assert run.states == ["connecting", "live", "ended"]
    assert (run.changes[-1].reason, run.changes[-1].detail) == ("ts_jump", "film jumps")


async def test_pauses_grow_to_the_cap_and_are_spread() -> None:
    run = await Run([GONE]).until(40)
    pauses = [change.retry_in_s for change in run.changes if change.state == "backoff"]
    assert pauses[0] <= 0.5
    assert max(pauses) <= POLICY.cap_s
    assert max(pauses[8:]) > 15
    assert min(pauses[8:]) < 5
    assert run.clock.slept == pauses


async def test_a_wrong_password_is_tried_rarely() -> None:
    run = await Run([WRONG]).until(30)
    pauses = [change.retry_in_s for change in run.changes if change.state == "rejected"]
    assert min(pauses) >= POLICY.rejected_first_s
    assert POLICY.rejected_first_s * 5 < max(pauses) <= POLICY.rejected_cap_s


async def test_outages_do_not_lengthen_the_first_rejections_pause() -> None:
    run = await Run(*[[GONE]] * 12, [WRONG]).until(13)
    assert (run.changes[-1].state, run.changes[-1].retry_in_s) == ("rejected", POLICY.rejected_first_s)


async def test_rejections_do_not_lengthen_the_first_outages_pause() -> None:
    run = await Run(*[[WRONG]] * 12, [GONE]).until(13)
    assert run.changes[-1].state == "backoff"
    assert run.changes[-1].retry_in_s <= POLICY.first_s


async def test_a_healthy_minute_forgives_everything() -> None:
    minute = [float(second) for second in range(62)]
    run = await Run(*[[GONE]] * 9, [*minute, GONE]).until(10)
    assert run.changes[-1].retry_in_s <= POLICY.first_s


async def test_a_camera_that_dies_at_once_is_not_hammered() -> None:
    run = await Run([0.0, GONE]).until(30)
    pauses = [change.retry_in_s for change in run.changes if change.state == "backoff"]
    assert 1.0 < max(pauses) <= 2.0


async def test_bugs_are_not_retried() -> None:
    class Buggy(ScriptedSource):
        def frames(self, epoch: int):  # type: ignore[no-untyped-def]
            raise ZeroDivisionError

    clock = FakeClock()

    async def epoch() -> int:
        return 1

    with pytest.raises(ZeroDivisionError):
        await anext(reconnecting(Buggy("cam", [[]], clock), epoch, POLICY, clock, lambda change: None))


async def test_leaving_closes_the_attempt() -> None:
    clock = FakeClock(hurried=True)
    source = ScriptedSource("cam", [[0.0, 1.0, 2.0]], clock)

    async def epoch() -> int:
        return 1

    async with aclosing(reconnecting(source, epoch, POLICY, clock, lambda change: None)) as frames:
        await anext(frames)
        assert source.open == 1
    assert source.open == 0
