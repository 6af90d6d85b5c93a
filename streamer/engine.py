"""Runs a recognizer in a thread of its own, so that the event loop never touches pixels."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Protocol, Self

from recognizers.clip import Clip
from recognizers.errors import OutOfDeviceMemory
from recognizers.prediction import Prediction
from recognizers.recognizer import Recognizer, State


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

    def __init__(self, name: str, recognizer: Recognizer) -> None:
        self._recognizer = recognizer
        self._states: dict[tuple[str, str], State] = {}
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"engine-{name}")

    async def infer(self, clips: Sequence[Clip]) -> list[Prediction | None]:
        states = [self._states.get((clip.stream, clip.watch)) for clip in clips]
        loop = asyncio.get_running_loop()
        try:
            answers = await loop.run_in_executor(self._thread, self._recognizer.recognize, clips, states)
        except OutOfDeviceMemory:
            if len(clips) == 1:
                raise
            half = len(clips) // 2
            return await self.infer(clips[:half]) + await self.infer(clips[half:])
        # Committed only now: a batch that failed or was cancelled leaves every state as it was.
        for clip, (_, state) in zip(clips, answers, strict=True):
            if state is not None:
                self._states[clip.stream, clip.watch] = state
        return [prediction for prediction, _ in answers]

    def forget(self, stream: str) -> None:
        """Free the states of a stream."""
        for key in [key for key in self._states if key[0] == stream]:
            del self._states[key]

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)
