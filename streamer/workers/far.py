"""Parts of the API whose work is done by the worker of a stream: pictures, labels, and who publishes."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Mapping
from http import HTTPStatus
from itertools import count

from streamer.errors import NotNow, TaktError, too_many_look
from streamer.exchange import Answer, BodyTooLarge, Request, plain
from streamer.settings import Settings, WhipSource
from streamer.web.whip import MOST_BYTES, PREFIX
from streamer.workers.spreading import Asked

SNAPSHOT_S = 10.0
WHIP_S = 30.0
MARK_S = 90.0
"""For a moment whose last second is still to come."""
WorkerOf = Callable[[str], Asked]
"""Raises NotNow: nobody has the stream at the moment."""


class FarLive:
    """See `streamer.web.api.parts.Live`: pictures are asked of the worker while somebody looks, one after the other."""

    def __init__(self, settings: Callable[[], Settings], worker_of: WorkerOf) -> None:
        self._settings, self._worker_of = settings, worker_of
        self._names = count(1)
        self._viewers: Counter[str] = Counter()

    async def snapshot(self, stream: str, width: int) -> bytes:
        self._check(stream)
        said = await self._worker_of(stream).ask("snapshot", SNAPSHOT_S, stream=stream, width=width)
        return base64.b64decode(said["jpeg"])

    def mjpeg(self, stream: str, width: int, fps: float) -> AsyncGenerator[bytes, None]:
        self._check(stream)
        limits, of_this, of_all = self._settings().live, self._viewers[stream], self._viewers.total()
        if of_this >= limits.stream_viewers or of_all >= limits.viewers:
            raise too_many_look(stream, of_this, of_all)
        return self._pictures(self._worker_of(stream), stream, width, fps)

    async def _pictures(self, worker: Asked, stream: str, width: int, fps: float) -> AsyncGenerator[bytes, None]:
        """Until the stream is no more, or is another worker's: then who looks asks again."""
        view = str(next(self._names))
        self._viewers[stream] += 1
        try:
            while True:
                said = await worker.ask("picture", view=view, stream=stream, width=width, fps=fps)
                if "over" in said:
                    return
                if "jpeg" in said:
                    yield base64.b64decode(said["jpeg"])
        except (TaktError, KeyError):
            return
        finally:
            self._viewers -= Counter({stream: 1})  # names of none do not stay
            worker.tell("left", view=view)

    def _check(self, stream: str) -> None:
        if stream not in {one.id for one in self._settings().streams}:
            raise KeyError(stream)


class FarLabels:
    """See `streamer.web.api.parts.Labels`: the worker of a stream cuts clips, into a folder that all know."""

    def __init__(self, settings: Callable[[], Settings], worker_of: WorkerOf, any_worker: Callable[[], Asked]) -> None:
        self._settings, self._worker_of, self._any_worker = settings, worker_of, any_worker

    async def mark(
        self, stream: str, label: str, at: float | None, before_s: float, after_s: float, by: str
    ) -> Mapping[str, object]:
        if stream not in {one.id for one in self._settings().streams}:
            raise KeyError(stream)
        asked = {"stream": stream, "label": label, "at": at, "before_s": before_s, "after_s": after_s, "by": by}
        return await self._worker_of(stream).ask("mark", MARK_S, **asked)

    async def listing(self) -> Mapping[str, object]:
        return await self._any_worker().ask("labels")

    async def remove(self, label: str) -> None:
        await self._any_worker().ask("unlabel", label=label)


class FarWhip:
    """See `streamer.exchange.Site`: what is published is signalled to the worker of the stream; pictures go there
    straight, by UDP."""

    def __init__(self, settings: Callable[[], Settings], worker_of: WorkerOf) -> None:
        self._settings, self._worker_of = settings, worker_of

    async def answer(self, request: Request) -> Answer:
        asked = request.path.removeprefix(PREFIX).partition("/")[0]
        judge = self._judge(asked)
        if judge is None:
            return plain(HTTPStatus.NOT_FOUND, text="no such stream is published to")
        try:
            body = (await request.body(MOST_BYTES)).decode("utf-8", "surrogateescape")
        except BodyTooLarge:
            words = f"at most {MOST_BYTES >> 10} KiB"
            return plain(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, {"Connection": "close"}, text=words)
        told = {"method": request.method, "path": request.path, "headers": dict(request.headers), "body": body}
        try:
            said = await self._worker_of(judge).ask("whip", WHIP_S, client=request.client, **told)
        except NotNow as error:
            return plain(HTTPStatus.SERVICE_UNAVAILABLE, {"Retry-After": str(error.retry_s)}, text=str(error))
        answer = str(said["body"]).encode("utf-8", "surrogateescape")
        return Answer(HTTPStatus(said["status"]), said["headers"], answer)

    def _judge(self, asked: str) -> str | None:
        """The stream whose worker answers: the one that is asked for; else one that strangers are told the same of."""
        sources = {one.id: one.source for one in self._settings().streams if isinstance(one.source, WhipSource)}
        guarded = [stream for stream, source in sources.items() if source.has_token]
        return asked if asked in sources else next(iter(guarded or sources), None)
