"""Scores averaged over the last clips: steadier, later by about half of their hops, and nearly free."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from recognizers.clip import Clip, ClipSpec
from recognizers.recognizer import Answer, Recognizer, State


@dataclass(frozen=True, slots=True, repr=False)
class _Ring:
    """What the clip before leaves for the next of the same watch."""

    epoch: int
    index: int
    scores: tuple[NDArray[np.float32], ...]
    """Of the last clips that were answered without a jump, oldest first; at most as many as are averaged."""
    inner: State | None

    def is_before(self, clip: Clip) -> bool:
        return (self.epoch, self.index + 1) == (clip.epoch, clip.index)


class AveragedRecognizer:
    """Any recognizer, each of whose answers becomes the mean of its last scores: probabilities, not logits.

    Forgets where clips do not follow each other. A clip's header stays its own, the start of its first picture with it.
    """

    def __init__(self, inner: Recognizer, clips: int) -> None:
        """`clips`: most answers that are averaged, this one included."""
        self._inner, self._clips = inner, clips

    @property
    def spec(self) -> ClipSpec:
        return self._inner.spec

    @property
    def labels(self) -> tuple[str, ...]:
        return self._inner.labels

    @property
    def background(self) -> str:
        return self._inner.background

    def recognize(self, clips: Sequence[Clip], states: Sequence[State | None]) -> list[Answer]:
        """Answer each clip; raises what the averaged recognizer raises."""
        inner = [state.inner if isinstance(state, _Ring) else None for state in states]
        answers = self._inner.recognize(clips, inner)
        return [self._averaged(*all_three) for all_three in zip(clips, states, answers, strict=True)]

    def _averaged(self, clip: Clip, state: State | None, answer: Answer) -> Answer:
        prediction, inner = answer
        scores = state.scores if isinstance(state, _Ring) and state.is_before(clip) else ()
        if prediction is not None and prediction.is_finite:  # else it says nothing, and spoils no other answer
            scores = (*scores, prediction.scores)[-self._clips :]
            prediction = replace(prediction, scores=np.mean(scores, axis=0, dtype=np.float32))
        return prediction, _Ring(clip.epoch, clip.index, scores, inner)
