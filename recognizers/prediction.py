"""What a recognizer answers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, repr=False)
class Actors:
    """The people in one clip and what each of them does."""

    boxes: NDArray[np.float32]
    """`(K, 4)` xyxy in fractions of the whole picture, in [0, 1]."""
    sure: NDArray[np.float32]
    """`(K,)` how sure it is that each is somebody, in [0, 1]."""
    scores: NDArray[np.float32]
    """`(K, C)` one score per label for each, in the order of the recognizer's labels."""

    def __post_init__(self) -> None:
        if not (self.boxes.shape == (len(self.sure), 4) and self.scores.shape[:1] == self.sure.shape):
            shapes = f"{self.boxes.shape}, {self.sure.shape} and {self.scores.shape}"
            raise ValueError(f"boxes, sure and scores are {shapes}; they must be (K, 4), (K,) and (K, C)")

    def __repr__(self) -> str:
        return f"Actors({self.boxes.shape}, {self.scores.shape})"


@dataclass(frozen=True, slots=True, repr=False)
class Prediction:
    """Scores for one clip; the header fields are the clip's own."""

    stream: str
    watch: str
    epoch: int
    index: int
    start: float
    end: float
    captured_at: float
    zero_at: float
    scores: NDArray[np.float32]
    """`(C,)` one score in [0, 1] per label, in the order of the recognizer's labels; NaN where the network failed."""
    exclusive: bool = True
    """Scores are shares of one: one label at a time. Otherwise each stands alone, and several can go on at once."""
    actors: Actors | None = None
    """Who was seen, where people are told apart; `scores` then says what anybody does."""
    energy: float | None = None
    """How well the network knows what it saw (`recognizers.card.MEASURES`), where it says so."""
    distance: float | None = None
    """How far the clip is from what the network was taught (`recognizers.card.Usual`), where its card says so."""
    abstained: bool = False
    """It said the background since it does not know what it saw."""

    @property
    def is_finite(self) -> bool:
        """Whether it says anything: scores that are not numbers do not."""
        return bool(np.isfinite(self.scores).all())

    def __repr__(self) -> str:
        best = int(self.scores.argmax()) if self.scores.size else -1
        name = f"{self.stream}/{self.watch} epoch={self.epoch} index={self.index}"
        actors = "" if self.actors is None else f" {self.actors!r}"
        return f"Prediction({name} best={best} of {self.scores.shape}{actors})"
