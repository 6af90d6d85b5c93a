"""The seam between clips and predictions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

from recognizers.clip import Clip, ClipSpec
from recognizers.prediction import Prediction

State = Any
"""What a recognizer carries from clip to clip of a watch; `None` before the first, and if it carries nothing."""

Answer = tuple[Prediction | None, State | None]
"""A prediction, `None` until warm, and what to hand in with the watch's next clip."""


@runtime_checkable
class Recognizer(Protocol):
    """Anything that turns clips into predictions.

    Laws (tests/contracts/test_recognizer.py): one answer per clip, in order; a batch of N equals N batches
    of one; streams do not mix; a jump in (epoch, index) forgets the state; nothing outside the region is seen.
    """

    @property
    def spec(self) -> ClipSpec: ...

    @property
    def labels(self) -> tuple[str, ...]: ...

    @property
    def background(self) -> str:
        """The label that means "none of the actions"; it never becomes an event."""
        ...

    def recognize(self, clips: Sequence[Clip], states: Sequence[State | None]) -> list[Answer]:
        """Answer each clip, in order. Neither clips nor states are written to."""
        ...
