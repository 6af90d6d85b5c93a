"""A camera that goes on when the test says so, and what labels its stream, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from recognizers.clip import WHOLE_PICTURE, Region
from streamer.evidence.privacy import Privacy
from streamer.labels.labelling import Labelling, Limits
from streamer.media.packets import Excerpt
from streamer.testing.film import moving_square, write_film
from streamer.testing.time import FakeClock
from tests.streamer.media.excerpts import taken

FPS, SECONDS = 10, 20
SHOWS_ALL = Privacy(regions=(WHOLE_PICTURE,))
BENCH = Region(0.25, 0.0, 0.75, 1.0)


def filmed(folder: Path) -> Excerpt:
    """Twenty seconds with a key frame each."""
    return taken(
        write_film(folder / "film.mp4", moving_square(SECONDS, FPS, 64, 48), FPS, g=str(FPS), sc_threshold="0")
    )


def clips(folder: Path) -> list[str]:
    """Films below a folder, as its lines name them."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*.mp4"))


class Bench:
    """One stream, `cam`; media time 0 is the clock's beginning."""

    def __init__(self, film: Excerpt, folder: Path, privacy: Privacy = SHOWS_ALL, **limits: Any) -> None:
        self.film, self.folder, self.clock = film, folder, FakeClock()
        self.labelling = Labelling(Limits(folder, **limits), self.clock)
        self._stream, self._sent = self.labelling.labelled(privacy), 0
        self.labelling.join("cam", self._stream)
        self.connect(1)

    def connect(self, epoch: int) -> None:
        self._stream.ring.opened(epoch, self.film.coding)
        self._sent, self._began_s = 0, self.clock.passed_s

    async def run(self, seconds: float) -> None:
        """The camera goes on for a while."""
        for _ in range(round(seconds * FPS)):
            ring = self._stream.ring
            ring.keep(self.film.pictures[self._sent])
            if self._sent == 0:
                ring.began(self.film.pictures[0].pts * float(self.film.coding.time_base))
            ring.dated(self.clock.began + self._began_s)
            self._sent += 1
            await self.clock.advance(1 / FPS)

    async def mark(self, label: str = "tighten", ago_s: float = 0.5, **around: float) -> dict[str, object]:
        """Names a moment, with the camera standing still."""
        at = self.clock.now() - ago_s
        return await self.labelling.mark("cam", label, at, around.get("before_s", 2.0), around.get("after_s", 0.0))

    async def marked(self, marking: Coroutine[Any, Any, dict[str, object]], seconds: float) -> dict[str, object]:
        """What becomes of a mark while the camera goes on."""
        async with asyncio.TaskGroup() as group:
            task = group.create_task(marking)
            await self.run(seconds)
            await self.clock.advance(15.0)
            return await task
