"""Clips of which networks were not sure, kept for somebody to label: few, small, and only where that was asked for."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from recognizers.clip import Clip
from recognizers.prediction import Prediction
from streamer.clock import Clock
from streamer.engine import LAST, step_back
from streamer.errors import ClipUnwritable
from streamer.evidence.privacy import Redactor
from streamer.media.decoding import Shown
from streamer.media.files import store, unwritable
from streamer.media.film import filmed
from streamer.model import Model
from streamer.wire import timestamp

_log = logging.getLogger(__name__)

UNLABELLED = "unlabelled.jsonl"
"""Lines as `labels.jsonl` has them (`recognizers.data.recordings`), whose label somebody must write."""
CLIPS = "clips"


class Observer(Protocol):
    def hard_example(self, recognizer: str, result: str) -> None:
        """`kept`; or not: there was one a moment ago (`rate`, `busy`), there is no room (`full`), or it `failed`."""
        ...


@dataclass(frozen=True, slots=True)
class Options:
    folder: Path
    per_hour: int
    """Most clips of a recognizer, evenly."""
    max_bytes: int
    """Of all clips in the folder; then no more are kept, and none is deleted: somebody may be labelling them."""
    below: float
    """A best score below this is unsure."""


@dataclass(frozen=True, slots=True)
class Example:
    """A clip and what was said of it."""

    recognizer: str
    model: Model
    clip: Clip
    prediction: Prediction
    why: str
    hides: Redactor | None = None
    """What hides in its pictures what must not be seen."""


def why_hard(prediction: Prediction, below: float, disagreed: bool) -> str | None:
    """Why a clip is worth a label: `abstained`, `disagreed` (live and shadow), `unsure`; None: it is not."""
    if not prediction.is_finite:
        return None
    if prediction.abstained:
        return "abstained"
    if disagreed:
        return "disagreed"
    return "unsure" if float(prediction.scores.max()) < below else None


class HardExamples:
    """Lives on the event loop; coding and writing are done in a thread of its own, one clip at a time."""

    def __init__(self, options: Options, clock: Clock, observer: Observer) -> None:
        self._options, self._clock, self._observer = options, clock, observer
        self._redactors: dict[str, Redactor] = {}
        """By stream, what hides in its pictures what must not be seen."""
        self._thread = ThreadPoolExecutor(1, "hard-examples", step_back, (LAST,))
        self._work: Future[None] | None = None
        self._next_s: dict[str, float] = {}
        self._told_full = False

    def offer(self, recognizer: str, model: Model, clip: Clip, prediction: Prediction, disagreed: bool) -> None:
        """Keep the clip if it is hard and there is room. What a continual network sees is too short to be labelled."""
        why = why_hard(prediction, self._options.below, disagreed)
        if why is None or model.recognizer.spec.continual:
            return
        now_s = self._clock.monotonic()
        if now_s < self._next_s.get(recognizer, now_s):
            return self._observer.hard_example(recognizer, "rate")
        if self._work is not None and not self._work.done():
            return self._observer.hard_example(recognizer, "busy")
        self._next_s[recognizer] = now_s + 3600 / self._options.per_hour
        example = Example(recognizer, model, clip, prediction, why, self._redactors.get(clip.stream))
        self._work = self._thread.submit(self._keep, example)

    def hide(self, stream: str, redactor: Redactor | None) -> None:
        """What hides from now on in a stream's pictures what must not be seen; None: nothing has to."""
        self._redactors.pop(stream, None)
        self._redactors |= {} if redactor is None else {stream: redactor}

    def close(self) -> None:
        """What is being written is written."""
        self._thread.shutdown(wait=True)

    def _keep(self, example: Example) -> None:
        result = "failed"
        try:
            result = self._kept(example)
        except ClipUnwritable as error:
            _log.error("a hard example of recognizer %s is not kept: %s", example.recognizer, error)
        except Exception:
            _log.exception("a hard example of recognizer %s is not kept, by a bug", example.recognizer)
        self._observer.hard_example(example.recognizer, result)

    def _kept(self, example: Example) -> str:
        folder, clip = self._options.folder, example.clip
        interval_s, hides = example.model.recognizer.spec.interval_s, example.hides
        shown: Iterable[Shown] = ((number * interval_s, picture) for number, picture in enumerate(clip.pictures))
        coded = filmed(shown if hides is None else hides.film(shown), len(clip.pictures))
        # Looked at each time, which is rare: others may keep clips there too, and take them away.
        if _size(folder / CLIPS) + len(coded) > self._options.max_bytes:
            if not self._told_full:
                _log.warning("%s is full; label its clips and take them away, or give it more room", folder)
            self._told_full = True
            return "full"
        path = Path(CLIPS) / f"{clip.stream}-{clip.watch}-{clip.epoch}-{clip.index}.mp4"
        store(folder / path, coded)
        try:
            with (folder / UNLABELLED).open("a", encoding="utf-8") as lines:
                lines.write(json.dumps(_line(example, path)) + "\n")
        except OSError as error:
            raise unwritable(folder / UNLABELLED, error) from error
        return "kept"


def _line(example: Example, path: Path) -> dict[str, object]:
    clip, prediction = example.clip, example.prediction
    return {
        "path": str(path),
        "label": None,
        "stream": clip.stream,
        "watch": clip.watch,
        "at": timestamp(clip.captured_at),
        "why": example.why,
        "said": example.model.recognizer.labels[int(prediction.scores.argmax())],
        "score": round(float(prediction.scores.max()), 4),
        "model": example.model.id,
    }


def _size(folder: Path) -> int:
    try:
        return sum(path.stat().st_size for path in folder.iterdir())
    except OSError:
        return 0
