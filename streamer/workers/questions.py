"""What a worker is asked besides what it is to hold: for each question, who answers it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from streamer.control import Answer
from streamer.errors import NotNow
from streamer.exchange import Request, Site
from streamer.labels.labelling import Labelling
from streamer.workers.line import Said
from streamer.workers.looks import Looks

Questions = Mapping[str, Callable[[Said], Awaitable[Said]]]


class Commanded:
    """Takes what `takt promote` and `takt outbox` ask of a worker, while it can. See `Plan.commanded`."""

    def __init__(self) -> None:
        self._answer: Answer | None = None

    @asynccontextmanager
    async def listening(self, _: Path, answer: Answer) -> AsyncIterator[None]:
        """In the place of a socket in its folder."""
        self._answer = answer
        try:
            yield
        finally:
            self._answer = None

    async def command(self, said: Said) -> Said:
        """`{request}` → what the request says. Raises as who answers it."""
        if self._answer is None:
            raise NotNow("the worker begins, or ends; try again")
        return await self._answer(said["request"])


def questions(looks: Looks, labelling: Labelling | None, whip: Site | None, commanded: Commanded) -> Questions:
    """By `what` of the line."""

    async def mark(said: Said) -> Said:
        stream, label, by = str(said["stream"]), str(said["label"]), str(said["by"])
        return await _kept(labelling).mark(stream, label, said["at"], said["before_s"], said["after_s"], by)

    async def labels(_: Said) -> Said:
        return await _kept(labelling).listing()

    async def unlabel(said: Said) -> Said:
        await _kept(labelling).remove(said["label"])
        return {}

    async def published(said: Said) -> Said:
        if whip is None:
            raise NotNow("nothing can be published to this worker")
        return await _answered(whip, said)

    return {
        "picture": looks.picture,
        "snapshot": looks.snapshot,
        "mark": mark,
        "labels": labels,
        "unlabel": unlabel,
        "whip": published,
        "command": commanded.command,
    }


def _kept(labelling: Labelling | None) -> Labelling:
    if labelling is None:
        raise NotNow("no labels are kept by this worker")
    return labelling


async def _answered(site: Site, said: Said) -> Said:
    """A request to a site, which the supervisor has read, and its answer."""
    content = str(said["body"]).encode("utf-8", "surrogateescape")

    async def body(most: int) -> bytes:
        return content

    answer = await site.answer(Request(said["method"], said["path"], said["headers"], said["client"], body))
    assert not isinstance(answer.body, AsyncGenerator), "what is published to is answered in one piece"
    text = answer.body.decode("utf-8", "surrogateescape")
    return {"status": int(answer.status), "headers": dict(answer.headers), "body": text}
