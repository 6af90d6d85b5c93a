"""The law of `Engine`, over every engine there is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import numpy as np
import pytest

from recognizers.clip import WHOLE_PICTURE, Clip
from recognizers.errors import OutOfDeviceMemory, RecognizerError
from streamer.engine import LocalEngine
from streamer.testing.recognizers import CountingRecognizer, clips_seen

ENGINES = {"local": lambda recognizer: LocalEngine("cell", recognizer)}


@dataclass
class Subject:
    """An engine around a recognizer that counts the clips of each watch."""

    engine: LocalEngine
    recognizer: CountingRecognizer

    async def seen(self, *clips: Clip) -> list[int | None]:
        return [answer and clips_seen(answer) for answer in await self.engine.infer(clips)]


@pytest.fixture(params=ENGINES)
async def subject(request: pytest.FixtureRequest) -> AsyncIterator[Subject]:
    recognizer = CountingRecognizer()
    async with ENGINES[request.param](recognizer) as engine:
        yield Subject(engine, recognizer)


def clip(stream: str, index: int = 0, watch: str = "bench", epoch: int = 1) -> Clip:
    pictures = (np.zeros((8, 8, 3), np.uint8),) * 2
    return Clip(
        stream, watch, epoch, index, 0.1 * index, 0.1 * index + 0.1, 1000.0, 999.0, WHOLE_PICTURE, 1.0, pictures
    )


async def test_nothing_asked_is_nothing_answered(subject: Subject) -> None:
    assert await subject.engine.infer([]) == []


async def test_one_answer_per_clip_in_their_order(subject: Subject) -> None:
    answers = await subject.engine.infer([clip(name) for name in "cab"])

    assert [answer and answer.stream for answer in answers] == ["c", "a", "b"]


async def test_until_warm_the_answer_is_none(subject: Subject) -> None:
    subject.recognizer.warm_up = 1

    assert await subject.seen(clip("a", 0)) == [None]
    assert await subject.seen(clip("a", 1)) == [2]


async def test_states_follow_their_watch(subject: Subject) -> None:
    await subject.seen(clip("a"), clip("a", watch="door"), clip("b"))
    await subject.seen(clip("b", 1))

    assert await subject.seen(clip("b", 2), clip("c"), clip("a", 1, "door"), clip("a", 1)) == [3, 1, 2, 2]


async def test_a_forgotten_stream_starts_afresh_and_the_others_go_on(subject: Subject) -> None:
    await subject.seen(clip("a"), clip("b"))
    subject.engine.forget("a")

    assert await subject.seen(clip("a", 1), clip("b", 1)) == [1, 2]


async def test_a_stream_forgotten_while_its_clip_is_looked_at_starts_afresh(subject: Subject) -> None:
    async with asyncio.TaskGroup() as group, looking(subject):
        answer = group.create_task(subject.seen(clip("a")))
        await asyncio.to_thread(subject.recognizer.entered.wait)
        subject.engine.forget("a")

    assert answer.result() == [1]
    assert await subject.seen(clip("a", 1)) == [1]


async def test_a_failed_batch_leaves_every_state_as_it_was(subject: Subject) -> None:
    await subject.seen(clip("a"), clip("b"))
    subject.recognizer.broken_streams = {"b"}
    with pytest.raises(RecognizerError):
        await subject.seen(clip("a", 1), clip("b", 1))
    subject.recognizer.broken_streams = set()

    assert await subject.seen(clip("a", 1), clip("b", 1)) == [2, 2]


async def test_a_cancelled_batch_commits_nothing_and_the_next_is_answered(subject: Subject) -> None:
    await subject.seen(clip("a"))
    async with looking(subject):
        cancelled = asyncio.ensure_future(subject.seen(clip("a", 1)))
        await asyncio.to_thread(subject.recognizer.entered.wait)
        cancelled.cancel()
        with pytest.raises(asyncio.CancelledError):
            await cancelled

    assert await subject.seen(clip("a", 1)) == [2]


async def test_a_batch_that_does_not_fit_is_halved_until_it_does(subject: Subject) -> None:
    subject.recognizer.largest = 2

    answers = await subject.engine.infer([clip(name) for name in "abcde"])

    assert [answer and answer.stream for answer in answers] == list("abcde")
    assert subject.recognizer.batches == [5, 2, 3, 1, 2]


async def test_a_single_clip_that_does_not_fit_fails(subject: Subject) -> None:
    subject.recognizer.largest = 0

    with pytest.raises(OutOfDeviceMemory):
        await subject.engine.infer([clip("a"), clip("b")])


async def test_a_halved_batch_commits_all_or_nothing(subject: Subject) -> None:
    await subject.seen(clip("a"), clip("b"))
    subject.recognizer.largest, subject.recognizer.broken_streams = 1, {"b"}
    with pytest.raises(RecognizerError):
        await subject.seen(clip("a", 1), clip("b", 1))
    subject.recognizer.broken_streams = set()

    assert await subject.seen(clip("a", 1), clip("b", 1)) == [2, 2]


@asynccontextmanager
async def looking(subject: Subject) -> AsyncIterator[None]:
    """The recognizer stays inside its next batch until the block ends."""
    subject.recognizer.entered.clear()
    subject.recognizer.gate.clear()
    try:
        yield
    finally:
        subject.recognizer.gate.set()
