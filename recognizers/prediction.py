"""What a recognizer answers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


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
    """`(C,)` one score in [0, 1] per label, in the order of the recognizer's labels."""
    exclusive: bool = True
    """Scores are shares of one: one label at a time. Otherwise each stands alone, and several can go on at once."""

    def __repr__(self) -> str:
        best = int(self.scores.argmax()) if self.scores.size else -1
        name = f"{self.stream}/{self.watch} epoch={self.epoch} index={self.index}"
        return f"Prediction({name} best={best} of {self.scores.shape})"
