"""What is asked of a stream is answered by its worker, over the line, as if it were answered here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest

from streamer.errors import ClipUnwritable, NotKept, NotNow
from streamer.exchange import Answer, BodyTooLarge, Request, plain
from streamer.settings import Settings, load
from streamer.testing.time import FakeClock
from streamer.workers.far import FarLabels, FarLive, FarWhip
from streamer.workers.line import Line, Said
from streamer.workers.looks import Looks
from streamer.workers.questions import Commanded, Questions, questions
from streamer.workers.spreading import Asked
from tests.e2e.takt import until
from tests.streamer.workers.lines import answering
from tests.streamer.workers.test_looks import PICTURE, FakeLive

PLANT = """
data_dir: {folder}/data
live: {{viewers: 3, stream_viewers: 2}}
recognizers: {{a: {{}}}}
streams:
  - {{id: cam, source: {{kind: rtsp, url: "rtsp://cam/"}}, watches: [{{id: b, recognizer: a}}]}}
  - {{id: open, source: {{kind: whip}}, watches: [{{id: b, recognizer: a}}]}}
  - {{id: shut, source: {{kind: whip, token: 0123456789abcdef}}, watches: [{{id: b, recognizer: a}}]}}
"""


class FakeLabelling:
    """Remembers what was marked; raises what it is told to."""

    def __init__(self) -> None:
        self.marked: list[tuple[Any, ...]] = []
        self.error: Exception | None = None

    async def mark(self, *said: Any) -> dict[str, object]:
        if self.error is not None:
            raise self.error
        self.marked.append(said)
        return {"id": "7", "stream": said[0]}

    async def listing(self) -> dict[str, object]:
        return {"labels": [{"id": "7"}], "folder": "labels", "counts": {}}

    async def remove(self, label: str) -> None:
        raise KeyError(label)


class FakeWhip:
    """Says what it was asked."""

    async def answer(self, request: Request) -> Answer:
        body = await request.body(100)
        if request.path == "/whip/nobody":
            return plain(HTTPStatus.UNAUTHORIZED)
        headers = {"Location": f"{request.path}/1", "X-Client": request.client}
        return Answer(HTTPStatus.CREATED, headers, body + request.headers["authorization"].encode())


@dataclass
class Far:
    """The supervisor's parts, and what the worker has behind them."""

    settings: Settings
    live: FakeLive
    labelling: FakeLabelling
    far_live: FarLive
    labels: FarLabels
    whip: FarWhip
    asked: list[str]


@asynccontextmanager
async def far(folder: Path) -> AsyncIterator[Far]:
    file = folder / "plant.yaml"
    file.write_text(PLANT.format(folder=folder))
    settings, live, labelling = load(file, {}), FakeLive(), FakeLabelling()
    known: list[Looks] = []
    asked: list[str] = []

    def questions_of(there: Line) -> Questions:
        known.append(Looks(live, there.room, FakeClock()))
        return questions(known[0], labelling, FakeWhip(), Commanded())  # type: ignore[arg-type]

    def hear(said: Said) -> None:
        known[0].leave(said["view"])

    async with answering(questions_of, hear) as (here, _), asyncio.TaskGroup() as group:
        running = group.create_task(known[0].run())
        await asyncio.sleep(0)

        def worker_of(stream: str) -> Asked:
            asked.append(stream)
            if stream == "shut":
                raise NotNow("it begins", 5)
            return here

        def now() -> Settings:
            return settings

        parts = FarLive(now, worker_of), FarLabels(now, worker_of, lambda: here), FarWhip(now, worker_of)
        yield Far(settings, live, labelling, *parts, asked)
        running.cancel()


async def test_a_picture_is_as_its_worker_shows_it(tmp_path: Path) -> None:
    async with far(tmp_path) as one:
        assert await one.far_live.snapshot("cam", 160) == PICTURE
        with pytest.raises(KeyError):
            await one.far_live.snapshot("nobody", 160)


async def test_moving_pictures_come_until_the_viewer_goes(tmp_path: Path) -> None:
    async with far(tmp_path) as one:
        seen = []
        shown = one.far_live.mjpeg("cam", 160, 5.0)
        assert one.live.looking == [], "nobody looks before the first is asked for"
        async with aclosing(shown):
            for number in range(3):
                one.live.shown.put_nowait(PICTURE + bytes([number]))
                seen.append(await anext(shown))
        assert seen == [PICTURE + bytes([number]) for number in range(3)]
        await until(lambda: not one.live.looking)


async def test_no_more_look_than_may_and_who_goes_makes_room(tmp_path: Path) -> None:
    async with far(tmp_path) as one:
        shown = [one.far_live.mjpeg("cam", 160, 5.0) for _ in range(2)]
        begun = [asyncio.ensure_future(anext(each)) for each in shown]
        await until(lambda: one.live.looking == ["cam", "cam"])
        for each in begun:
            one.live.shown.put_nowait(PICTURE)
            assert await each == PICTURE
        with pytest.raises(NotNow, match="as many as may"):
            one.far_live.mjpeg("cam", 160, 5.0)
        await shown[0].aclose()
        await one.far_live.mjpeg("cam", 160, 5.0).aclose()
        await shown[1].aclose()


async def test_pictures_end_where_the_worker_does(tmp_path: Path) -> None:
    async with far(tmp_path) as one:
        shown = one.far_live.mjpeg("cam", 160, 5.0)
        one.live.shown.put_nowait(PICTURE)
        await anext(shown)
        one.live.ends = True
        one.live.shown.put_nowait(PICTURE)
        assert [each async for each in shown] == [PICTURE]


async def test_a_moment_is_named_by_the_worker_of_its_stream(tmp_path: Path) -> None:
    async with far(tmp_path) as one:
        assert await one.labels.mark("cam", "pick", None, 1.0, 0.5, "anna") == {"id": "7", "stream": "cam"}
        assert one.labelling.marked == [("cam", "pick", None, 1.0, 0.5, "anna")]
        assert (await one.labels.listing())["folder"] == "labels"
        with pytest.raises(KeyError):
            await one.labels.remove("8")
        with pytest.raises(KeyError):
            await one.labels.mark("nobody", "pick", None, 1.0, 0.5, "anna")


@pytest.mark.parametrize("error", [NotKept("too late"), ClipUnwritable("the disk is full"), NotNow("too many")])
async def test_why_a_moment_is_not_kept_is_told(tmp_path: Path, error: Exception) -> None:
    async with far(tmp_path) as one:
        one.labelling.error = error
        with pytest.raises(type(error), match=str(error)):
            await one.labels.mark("cam", "pick", None, 1.0, 0.5, "anna")


def offer(path: str, body: bytes = b"v=0 \xff", method: str = "POST") -> Request:
    async def bring(most: int) -> bytes:
        if len(body) > most:
            raise BodyTooLarge
        return body

    return Request(method, path, {"authorization": "Bearer me"}, "192.0.2.9", bring)


async def test_an_offer_and_its_answer_pass_unchanged(tmp_path: Path) -> None:
    async with far(tmp_path) as one:
        answer = await one.whip.answer(offer("/whip/open"))
        assert (answer.status, answer.body) == (HTTPStatus.CREATED, b"v=0 \xffBearer me")
        assert answer.headers == {"Location": "/whip/open/1", "X-Client": "192.0.2.9"}
        assert one.asked == ["open"]
        await one.whip.answer(offer("/whip/open/session-1", method="PATCH"))
        assert one.asked == ["open", "open"]


async def test_an_offer_to_a_worker_that_begins_is_told_to_come_again(tmp_path: Path) -> None:
    async with far(tmp_path) as one:
        answer = await one.whip.answer(offer("/whip/shut"))
        assert (answer.status, answer.headers["Retry-After"]) == (HTTPStatus.SERVICE_UNAVAILABLE, "5")
        assert (await one.whip.answer(offer("/whip/open", b"x" * 100_000))).status == 413


async def test_a_stranger_is_told_the_same_of_streams_that_there_are_and_of_others(tmp_path: Path) -> None:
    async with far(tmp_path) as one:
        await one.whip.answer(offer("/whip/nobody"))
        await one.whip.answer(offer("/whip/cam"))
        assert one.asked == ["shut", "shut"], "its worker knows a token, and asks for one"


async def test_where_nothing_is_published_to_nobody_is_asked(tmp_path: Path) -> None:
    async with far(tmp_path) as one:
        left = tuple(stream for stream in one.settings.streams if stream.source.kind != "whip")
        settings = one.settings.model_copy(update={"streams": left})
        site = FarWhip(lambda: settings, lambda stream: pytest.fail("somebody was asked"))
        assert (await site.answer(offer("/whip/open"))).status == HTTPStatus.NOT_FOUND
