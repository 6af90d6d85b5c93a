"""`takt run` shows a real RTSP camera to whoever looks, and keeps what they name: over HTTP alone."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import av
import numpy as np
import pytest

from recognizers.clip import Picture
from recognizers.data.recordings import labelled
from streamer.testing.film import write_film
from tests.e2e.networks import always_bright
from tests.e2e.processes import GstCamera
from tests.e2e.takt import Takt, rtsp, until
from tests.e2e.test_record import films

pytestmark = pytest.mark.e2e
WIDTH, HEIGHT = 640, 360


def counting() -> Iterator[Picture]:
    """Four seconds that grow brighter; no two pictures are alike."""
    for number in range(100):
        yield np.full((HEIGHT, WIDTH, 3), 100 + number, np.uint8)


def seen(jpeg: bytes) -> Picture:
    with av.open(io.BytesIO(jpeg), format="jpeg_pipe") as opened:
        return next(opened.decode(video=0)).to_ndarray(format="rgb24")  # type: ignore[return-value]


def fetched(
    url: str, method: str = "GET", body: dict[str, Any] | None = None, fair: Collection[int] = ()
) -> tuple[int, bytes]:
    data = None if body is None else json.dumps(body).encode()
    try:
        with urlopen(Request(url, data, {"Content-Type": "application/json"}, method=method), timeout=20) as answer:
            return answer.status, answer.read()
    except HTTPError as error:
        if error.status in fair:
            return error.status, error.read()
        raise AssertionError(f"{error.status}: {error.read().decode()}") from None


def watched(url: str, pictures: int) -> list[bytes]:
    """What an `<img>` of moving pictures shows, until the viewer goes."""
    shown = []
    with urlopen(url, timeout=20) as answer:
        assert answer.headers["Content-Type"].startswith("multipart/x-mixed-replace; boundary=")
        while len(shown) < pictures:
            line = answer.readline()
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
                assert answer.readline() == b"\r\n"
                shown.append(answer.read(length))
    return shown


async def test_a_camera_is_seen_and_what_it_shows_is_named(tmp_path: Path) -> None:
    film = write_film(tmp_path / "film.mp4", counting(), 25, g="25", sc_threshold="0")
    network, ask = always_bright(tmp_path / "net"), asyncio.to_thread
    with GstCamera(film) as camera:
        streams = [rtsp("open", camera.url), rtsp("masked", camera.url) | {"masks": [[0.0, 0.0, 0.5, 1.0]]}]
        async with Takt(tmp_path, 0, {"constant": network}, streams, labels={"folder": str(tmp_path / "set")}) as takt:
            api = takt.url("api")
            await until(lambda: ask(live, api))
            _, snapshot = await ask(fetched, f"{api}/streams/open/snapshot.jpg")
            assert seen(snapshot).shape == (HEIGHT, WIDTH, 3)
            moving = await ask(watched, f"{api}/streams/open/live.mjpeg?width=320&fps=10", 5)
            assert {seen(picture).shape for picture in moving} == {(180, 320, 3)}
            assert len({int(10 * seen(picture).mean()) for picture in moving}) == 5
            (masked,) = await ask(watched, f"{api}/streams/masked/live.mjpeg", 1)
            assert seen(masked)[:, :310].max() < 16
            assert seen(masked)[:, 340:].mean() > 90
            await until(lambda: nobody_looks(takt))
            await named(api, tmp_path / "set")
            await ask(fetched, f"{api}/streams", "POST", {**streams[1], "id": "late"})
            (late,) = await ask(watched, f"{api}/streams/late/live.mjpeg", 1)
            assert seen(late)[:, :310].max() < 16
            await ask(fetched, f"{api}/streams/late", "DELETE")
            status, _ = await ask(fetched, f"{api}/streams/late/snapshot.jpg", "GET", None, {404})
            assert status == 404


async def named(api: str, folder: Path) -> None:
    """Two labels are kept, listed and learned from, and one of them is taken away again."""
    ask = asyncio.to_thread
    marks = [{"stream": "open", "label": label, "before_s": 1, "after_s": 0.5} for label in ("tighten", "loosen")]
    made = [await until(lambda mark=mark: ask(marked, api, mark)) for mark in marks]  # type: ignore[misc]
    assert [line.label for line in labelled(folder)] == ["tighten", "loosen"]
    status, _ = await ask(fetched, f"{api}/labels/{made[0]['id']}", "DELETE")
    said = json.loads((await ask(fetched, f"{api}/labels"))[1])
    assert (status, said["counts"]) == (204, {"loosen": 1})
    assert films(folder) == [folder / made[1]["path"]]


def marked(api: str, mark: dict[str, Any]) -> dict[str, Any]:
    """The label; nothing where what came before this moment was not seen yet."""
    status, said = fetched(f"{api}/labels", "POST", mark, {409})
    return dict(json.loads(said)) if status == 201 else {}


def live(api: str) -> bool:
    said = json.loads(fetched(f"{api}/streams")[1])
    return all(stream["state"] == "live" for stream in said["streams"])


async def nobody_looks(takt: Takt) -> bool:
    return await takt.metric("takt_live_viewers") == 0
