"""The engine: a thread of its own, states that commit only on success."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence

import numpy as np
import pytest

from recognizers.clip import WHOLE_PICTURE, Clip, ClipSpec
from recognizers.errors import OutOfDeviceMemory, RecognizerError
from recognizers.prediction import Prediction
from recognizers.recognizer import State
from streamer.engine import LocalEngine


def clip(stream: str, index: int = 0) -> Clip:
    picture = np.zeros((2, 2, 3), np.uint8)
    return Clip(stream, "bench", 1, index, 0.0, 1.0, 1000.0, WHOLE_PICTURE, 1.0, (picture,))


class Counting:
    """Its state counts the clips of a watch; fails where told."""

    spec = ClipSpec(1, 0.1, 0.1, 2)
    labels = ("idle", "pick")
    background = "idle"

    def __init__(self, largest: int = 99, fails: bool = False) -> None:
        self.largest, self.fails = largest, fails
        self.batches: list[int] = []
        self.threads: set[str] = set()
        self.gate = threading.Event()
        self.gate.set()

    def recognize(
        self, clips: Sequence[Clip], states: Sequence[State | None]
    ) -> list[tuple[Prediction | None, State | None]]:
        self.gate.wait()
        self.threads.add(threading.current_thread().name)
        self.batches.append(len(clips))
        if len(clips) > self.largest:
            raise OutOfDeviceMemory("no room")
        if self.fails:
            raise RecognizerError("broken")
        answers: list[tuple[Prediction | None, State | None]] = []
        for one, state in zip(clips, states, strict=True):
            seen = (state or 0) + 1
            scores = np.array([0, seen], np.float32)
            header = (one.stream, one.watch, one.epoch, one.index, one.start, one.end, one.captured_at)
            answers.append((Prediction(*header, scores), seen))
        return answers


def seen(answers: list[Prediction | None]) -> list[float]:
    return [float(answer.scores[1]) for answer in answers if answer is not None]


async def test_pixels_are_touched_in_a_thread_of_the_engines_own() -> None:
    recognizer = Counting()
    async with LocalEngine("cell", recognizer) as engine:
        await engine.infer([clip("a")])

    assert recognizer.threads == {"engine-cell_0"}


async def test_states_follow_their_watch_and_do_not_mix() -> None:
    async with LocalEngine("cell", Counting()) as engine:
        await engine.infer([clip("a"), clip("b")])

        assert seen(await engine.infer([clip("b"), clip("c"), clip("a")])) == [2, 1, 2]


async def test_a_forgotten_stream_starts_afresh() -> None:
    async with LocalEngine("cell", Counting()) as engine:
        await engine.infer([clip("a"), clip("b")])
        engine.forget("a")

        assert seen(await engine.infer([clip("a"), clip("b")])) == [1, 2]


async def test_a_batch_that_does_not_fit_is_halved_until_it_does() -> None:
    recognizer = Counting(largest=2)
    async with LocalEngine("cell", recognizer) as engine:
        answers = await engine.infer([clip(name) for name in "abcde"])

    assert [answer.stream for answer in answers if answer] == list("abcde")
    assert max(size for size in recognizer.batches if size <= 2) == 2


async def test_a_failed_batch_leaves_every_state_as_it_was() -> None:
    recognizer = Counting()
    async with LocalEngine("cell", recognizer) as engine:
        await engine.infer([clip("a")])
        recognizer.fails = True
        with pytest.raises(RecognizerError):
            await engine.infer([clip("a")])
        recognizer.fails = False

        assert seen(await engine.infer([clip("a")])) == [2]


async def test_a_cancelled_batch_commits_nothing() -> None:
    recognizer = Counting()
    async with LocalEngine("cell", recognizer) as engine:
        recognizer.gate.clear()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(engine.infer([clip("a")]), 0.01)
        recognizer.gate.set()

        assert seen(await engine.infer([clip("a")])) == [1]
