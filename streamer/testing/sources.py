"""A source whose trouble is data."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence

import numpy as np

from streamer.clock import Clock
from streamer.errors import SourceRejected, SourceUnavailable
from streamer.frame import Blind, Frame

Failure = SourceUnavailable | SourceRejected


class ScriptedSource:
    """One script an attempt: numbers are frames at that media time, an error is raised, the end is an end.

    Frames come when the clock says so. The last script is played again when attempts go on.
    """

    def __init__(self, stream: str, scripts: Sequence[Sequence[float | Failure]], clock: Clock) -> None:
        self.attempts = 0
        self.open = 0
        """Attempts that run now; 0 after close."""
        self.blind: Callable[[float], Blind | None] = lambda _: None
        """Why the picture at a media time shows nothing."""
        self._stream = stream
        self._scripts = scripts
        self._clock = clock

    async def frames(self, epoch: int) -> AsyncGenerator[Frame, None]:
        script = self._scripts[min(self.attempts, len(self._scripts) - 1)]
        self.attempts += 1
        self.open += 1
        began_at, media_s = self._clock.now(), 0.0
        try:
            for index, step in enumerate(script):
                if isinstance(step, Exception):
                    raise step
                await self._clock.sleep(step - media_s)
                media_s = step
                picture = np.full((4, 6, 3), index % 256, np.uint8)
                blind = self.blind(media_s)
                yield Frame(self._stream, epoch, index, began_at + media_s, media_s, picture, blind)
        finally:
            self.open -= 1
