"""A recognizer without a network, for the laws of what stands around one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

import numpy as np

from recognizers.clip import Clip, ClipSpec
from recognizers.errors import OutOfDeviceMemory, RecognizerError
from recognizers.prediction import Prediction
from recognizers.recognizer import Answer, State


class CountingRecognizer:
    """Continual: its scores tell how many clips of a watch it has seen without a jump (see `clips_seen`).

    Fails where told to, and waits at its `gate` while that is closed.
    """

    spec = ClipSpec(frames=2, interval_s=0.1, hop_s=0.1, short_side_px=8)
    labels = ("idle", "pick")
    background = "idle"

    def __init__(self, warm_up: int = 0, largest: int = 99) -> None:
        """`warm_up` clips are answered with `None`; more than `largest` at once do not fit."""
        self.warm_up, self.largest = warm_up, largest
        self.broken_streams: set[str] = set()
        """A batch with a clip of one of these fails."""
        self.senseless: set[tuple[str, int]] = set()
        """(stream, index) of clips whose scores are no numbers."""
        self.batches: list[int] = []
        self.threads: set[str] = set()
        self.entered, self.gate = threading.Event(), threading.Event()
        self.gate.set()

    def recognize(self, clips: Sequence[Clip], states: Sequence[State | None]) -> list[Answer]:
        self.batches.append(len(clips))
        self.threads.add(threading.current_thread().name)
        self.entered.set()
        self.gate.wait()
        if len(clips) > self.largest:
            raise OutOfDeviceMemory(f"{len(clips)} clips; there is room for {self.largest}")
        if self.broken_streams & {clip.stream for clip in clips}:
            raise RecognizerError("broken")
        return [self._answer(clip, state) for clip, state in zip(clips, states, strict=True)]

    def _answer(self, clip: Clip, state: State | None) -> Answer:
        before, seen = state or (None, 0)
        seen = seen + 1 if before == (clip.epoch, clip.index - 1) else 1
        after = ((clip.epoch, clip.index), seen)
        if seen <= self.warm_up:
            return None, after
        header = (clip.stream, clip.watch, clip.epoch, clip.index, clip.start, clip.end)
        times = (clip.captured_at, clip.zero_at)
        scores = np.array([1, seen], np.float32) / np.float32(1 + seen)
        if (clip.stream, clip.index) in self.senseless:
            scores = np.full_like(scores, np.nan)
        return Prediction(*header, *times, scores), after


class SayingRecognizer:
    """Windowed: says of each clip what it is told to say of the moment at which that ends.

    Fails where told to, and waits at its `gate` while that is closed.
    """

    background = "idle"

    def __init__(
        self,
        says: Callable[[float], Sequence[float]],
        labels: tuple[str, ...] = ("idle", "pick"),
        spec: ClipSpec = CountingRecognizer.spec,
    ) -> None:
        """`says(end)`: a score for each label, of media seconds."""
        self.says, self.labels, self.spec = says, labels, spec
        self.error: Exception | None = None
        """What it raises instead of answering a clip of a camera."""
        self.clips: list[Clip] = []
        """Those of cameras that it was shown."""
        self.entered, self.gate = threading.Event(), threading.Event()
        self.gate.set()

    def recognize(self, clips: Sequence[Clip], states: Sequence[State | None]) -> list[Answer]:
        shown = [clip for clip in clips if clip.stream]
        self.clips += shown
        if shown:
            self.entered.set()
            self.gate.wait()
            if self.error is not None:
                raise self.error
        return [(self._say(clip), None) for clip in clips]

    def _say(self, clip: Clip) -> Prediction:
        header = (clip.stream, clip.watch, clip.epoch, clip.index, clip.start, clip.end)
        return Prediction(*header, clip.captured_at, clip.zero_at, np.array(self.says(clip.end), np.float32))


def clips_seen(prediction: Prediction) -> int:
    """What a `CountingRecognizer` had seen when it answered, this clip included."""
    return round(float(prediction.scores[1] / prediction.scores[0]))
