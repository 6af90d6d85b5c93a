"""Whether a worker makes progress: judged by what its loop and its engine say of themselves. Pure."""

from __future__ import annotations

from dataclasses import dataclass

BEAT_S = 0.5
"""Seconds from one beat to the next."""


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Seconds after which a worker is hung."""

    begin_s: float = 300.0
    """From its start to its first beat: libraries are loaded, an outbox is read."""
    silent_s: float = 10.0
    """Without a beat of its loop."""
    batch_s: float = 60.0
    """With one batch in the engine."""


USUAL = Deadlines()


class Pulse:
    """One process of a slot."""

    def __init__(self, began_s: float, deadlines: Deadlines) -> None:
        self._began_s, self._deadlines = began_s, deadlines
        self.last_s: float | None = None
        """When its loop was heard of last; None: not yet."""
        self._batch_s = 0.0

    def beat(self, now_s: float, batch_s: float) -> None:
        """Its loop lives; its engine has been busy with one batch for so long."""
        self.last_s, self._batch_s = now_s, batch_s

    def unheard(self, seconds: float) -> None:
        """Nobody listened for so long: what was not heard then is not held against it."""
        self._began_s += seconds
        if self.last_s is not None:
            self.last_s += seconds

    def hangs(self, now_s: float) -> str:
        """Why it is hung, in one word: begin, loop or engine; empty: it is not."""
        if self.last_s is None:
            return "begin" if now_s - self._began_s > self._deadlines.begin_s else ""
        if now_s - self.last_s > self._deadlines.silent_s:
            return "loop"
        return "engine" if self._batch_s > self._deadlines.batch_s else ""
