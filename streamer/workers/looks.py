"""Pictures of a worker's streams for people who look at them through the supervisor: asked for one by one, as JPEG in
base64. Nobody looks before the first is asked for, nor where none is asked for any more."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass

from streamer.clock import Clock
from streamer.errors import NotNow
from streamer.mailbox import Mailbox
from streamer.web.api.parts import Live
from streamer.workers.line import Said

WAIT_S = 5.0
"""So long the next picture is waited for; then whoever asked is told that there is none yet."""
IDLE_S = 15.0
"""Whoever asks for nothing as long has gone."""
TIDY_S = 5.0


@dataclass(slots=True)
class _Look:
    pictures: Mailbox[bytes]
    task: asyncio.Task[None]
    asked_s: float


class Looks:
    """Lives on the event loop, between the beginning and the end of `run`."""

    def __init__(self, live: Live, room: Callable[[], Awaitable[None]], clock: Clock) -> None:
        """`room`: returns when the line takes more; a picture is not said before."""
        self._live, self._room, self._clock = live, room, clock
        self._looks: dict[str, _Look] = {}
        self._group = asyncio.TaskGroup()
        self._open = False
        self._turn = asyncio.Lock()

    async def run(self) -> None:
        """For as long as the task lives."""
        async with self._group:
            self._open = True
            try:
                while True:
                    await self._clock.sleep(TIDY_S)
                    idle_s = self._clock.monotonic() - IDLE_S
                    for view in [view for view, look in self._looks.items() if look.asked_s < idle_s]:
                        self.leave(view)
            finally:
                self._open = False
                for view in tuple(self._looks):
                    self.leave(view)

    async def snapshot(self, said: Said) -> Said:
        """`{stream, width}` → `{jpeg}`. Raises as `LiveViews.snapshot`."""
        return {"jpeg": _coded(await self._live.snapshot(said["stream"], said["width"]))}

    async def picture(self, said: Said) -> Said:
        """`{view, stream, width, fps}` → `{jpeg}`, the newest one that was not given yet; `{}`: none came so far;
        `{over: true}`: none comes any more. `view` is a name that the asker chose. Raises as `LiveViews.mjpeg`."""
        look = self._looks.get(said["view"]) or self._began(said)
        look.asked_s = self._clock.monotonic()
        try:
            async with asyncio.timeout(WAIT_S):
                jpeg = await anext(look.pictures)
        except TimeoutError:
            return {}
        except StopAsyncIteration:
            self.leave(said["view"])
            return {"over": True}
        async with self._turn:  # many pictures at once would fill the line, and events wait behind them
            await self._room()
            return {"jpeg": _coded(jpeg)}

    def leave(self, view: str) -> None:
        """Nobody looks there any more."""
        look = self._looks.pop(view, None)
        if look is not None:
            look.task.cancel()

    def _began(self, said: Said) -> _Look:
        if not self._open:
            raise NotNow("the worker of this stream begins, or ends; try again")
        pictures: Mailbox[bytes] = Mailbox(1)
        shown = self._live.mjpeg(said["stream"], said["width"], said["fps"])
        task = self._group.create_task(_handed(shown, pictures))
        look = self._looks[said["view"]] = _Look(pictures, task, self._clock.monotonic())
        return look


async def _handed(shown: AsyncGenerator[bytes, None], pictures: Mailbox[bytes]) -> None:
    try:
        async with aclosing(shown):
            async for jpeg in shown:
                pictures.put(jpeg)
    finally:
        pictures.close()


def _coded(jpeg: bytes) -> str:
    return base64.b64encode(jpeg).decode()
