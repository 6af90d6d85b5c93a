"""Runs a recognizer in a thread of its own, so that the event loop never touches pixels."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Protocol, Self

from recognizers.clip import Clip
from recognizers.errors import OutOfDeviceMemory
from recognizers.prediction import Prediction
from recognizers.recognizer import Answer, Recognizer, State

LAST = 19
"""Niceness of what can wait: beside a thread like any other on the same core it gets about a seventieth of the time."""


class Engine(Protocol):
    """Something that answers clips, wherever it runs."""

    async def infer(self, clips: Sequence[Clip]) -> list[Prediction | None]:
        """One answer per clip, in order; `None` while a continual recognizer warms up.

        Cancel-safe. A batch holds at most one clip of a watch. A failing device fails one batch.

        Raises:
            RecognizerError: this batch has no answer.
        """
        ...


class LocalEngine:
    """One recognizer, one thread. Owns the recognizer's states by (stream, watch)."""

    def __init__(self, name: str, recognizer: Recognizer, niceness: int = 0) -> None:
        """`niceness` of its thread: how much others go before it on a busy CPU, from 0 to 19."""
        self._recognizer = recognizer
        self._states: dict[tuple[str, str], State | None] = {}
        self._awaited: set[tuple[str, str]] = set()
        """Watches whose next state is welcome."""
        self._thread = ThreadPoolExecutor(1, f"engine-{name}", step_back, (niceness,))

    async def infer(self, clips: Sequence[Clip]) -> list[Prediction | None]:
        keys = [(clip.stream, clip.watch) for clip in clips]
        self._awaited.update(keys)
        answers = await self._answers(clips, [self._states.get(key) for key in keys])
        # Committed only now: a batch that failed or was cancelled leaves every state as it was. A stream that was
        # forgotten meanwhile stays so.
        self._states.update({key: state for key, (_, state) in zip(keys, answers, strict=True) if key in self._awaited})
        return [prediction for prediction, _ in answers]

    async def _answers(self, clips: Sequence[Clip], states: Sequence[State | None]) -> list[Answer]:
        """The recognizer's answers; where the device has no room for so many clips, half of them at a time."""
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._thread, self._recognizer.recognize, clips, states)
        except OutOfDeviceMemory:
            if len(clips) <= 1:
                raise
        half = len(clips) // 2
        return await self._answers(clips[:half], states[:half]) + await self._answers(clips[half:], states[half:])

    def handed_on(self, name: str) -> LocalEngine:
        """An engine with the same recognizer and states, in a thread like any other. Ends this one, which rests now."""
        heir = LocalEngine(name, self._recognizer)
        heir._states, heir._awaited = self._states, self._awaited
        self.close()
        return heir

    def close(self) -> None:
        """Take nothing more; what runs ends by itself."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def forget(self, stream: str) -> None:
        """Free the states of a stream."""
        self._awaited = {key for key in self._awaited if key[0] != stream}
        self._states = {key: state for key, state in self._states.items() if key[0] != stream}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()


def step_back(niceness: int) -> None:
    """Of the calling thread alone: on Linux each has a niceness of its own, and those that it starts have it too."""
    if niceness and sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), niceness)
