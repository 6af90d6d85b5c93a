"""Recording labelled clips of a camera, from the configuration to the folder."""

from __future__ import annotations

import asyncio
import os
import pty
import sys
from collections.abc import Iterator
from pathlib import Path

import av
import pytest

from recognizers.data.recordings import labelled
from streamer.errors import ClipUnwritable, ConfigError, SourceRejected, SourceUnavailable
from streamer.record.session import Wish, record
from streamer.settings import Settings, load
from streamer.testing.feeds import FilmFeed
from streamer.testing.film import moving_square, write_film
from streamer.testing.peers import loopback_only
from streamer.testing.rtsp import RtspCamera
from tests.streamer.media.excerpts import taken
from tests.streamer.plants import write_plant
from tests.streamer.sources.cameras import CLOCK, decode_threads
from tests.streamer.sources.publishers import playing


class Heard:
    """Remembers what a session told."""

    def __init__(self) -> None:
        self.clips: list[Path] = []
        self.problems: list[str] = []
        self.one_kept = asyncio.Event()
        self.refused = asyncio.Event()

    def kept(self, path: Path, number: int) -> None:
        self.clips.append(path)
        self.one_kept.set()

    def problem(self, text: str) -> None:
        self.problems.append(text)
        self.refused.set()


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """Key frames every second."""
    return write_film(tmp_path / "film.mp4", moving_square(6, 25, 160, 96), 25, g="25")


def plant(folder: Path, source: str) -> Settings:
    return load(write_plant(folder, {"cell-4": source}), {})


def wish(folder: Path, **more: object) -> Wish:
    given: dict[str, object] = {
        "stream": "cell-4", "watch": "bench", "label": "tighten", "folder": folder / "out", "pre_roll_s": 0.3,
        "seconds": 0.5, "count": 2, "by_hand": False, "patience_s": 5.0,
    }  # fmt: skip
    return Wish(**(given | more))  # type: ignore[arg-type]


def played_s(path: Path) -> float:
    with av.open(str(path)) as clip:
        times = [frame.time for frame in clip.decode(video=0)]
    return times[-1] - times[0]


async def test_clip_follows_clip_from_a_camera(film: Path, tmp_path: Path) -> None:
    heard = Heard()
    async with RtspCamera(FilmFeed(film, CLOCK)) as camera:
        settings = plant(tmp_path, f'{{kind: rtsp, url: "{camera.url}"}}')
        assert await record(settings, wish(tmp_path), CLOCK, asyncio.Event(), heard) == 2
    rows = labelled(tmp_path / "out")
    assert [tmp_path / "out" / row.path for row in rows] == heard.clips
    assert {(row.label, row.start_s, row.end_s, row.stream) for row in rows} == {("tighten", None, None, "cell-4")}
    assert len({row.group for row in rows}) == 1  # one session
    for path in heard.clips:
        assert taken(path).pictures[0].is_key
        assert 0.75 <= played_s(path) <= 1.9  # what was asked for, and what lies before it back to a key frame
    assert heard.problems == []
    assert decode_threads() == []


async def test_a_group_can_be_named_and_a_recording_ends_the_session(film: Path, tmp_path: Path) -> None:
    heard = Heard()
    settings = plant(tmp_path, f"{{kind: file, path: {film}, pace: fast}}")
    kept = await record(settings, wish(tmp_path, count=100, group="anna"), CLOCK, asyncio.Event(), heard)
    assert kept == len(heard.clips) == 7  # of 6 s, 0.8 s each
    assert {row.group for row in labelled(tmp_path / "out")} == {"anna"}
    original = [one.data for one in taken(film).pictures]
    for path in heard.clips:
        pictures = [one.data for one in taken(path).pictures]
        begin = original.index(pictures[0])
        assert pictures == original[begin : begin + len(pictures)]


@pytest.mark.parametrize("more", ["masks: [[0, 0, 0.5, 1]]", "blur: surroundings"])
async def test_what_must_not_be_seen_is_recorded_only_by_whoever_says_so(film: Path, tmp_path: Path, more: str) -> None:
    file = write_plant(tmp_path, {"cell-4": f"{{kind: file, path: {film}, pace: fast}}, {more}"})
    settings, heard = load(file, {}), Heard()
    with pytest.raises(ConfigError, match="say --unmasked"):
        await record(settings, wish(tmp_path), CLOCK, asyncio.Event(), heard)
    assert not (tmp_path / "out").exists()
    assert await record(settings, wish(tmp_path, unmasked=True), CLOCK, asyncio.Event(), heard) == 2


async def test_what_a_media_server_plays_is_recorded(tmp_path: Path) -> None:
    heard = Heard()
    with loopback_only():
        async with playing() as (_, url):
            settings = plant(tmp_path, f'{{kind: whep, url: "{url}"}}')
            assert await record(settings, wish(tmp_path, count=1), CLOCK, asyncio.Event(), heard) == 1
    (row,) = labelled(tmp_path / "out")
    assert played_s(tmp_path / "out" / row.path) >= 0.6
    assert decode_threads() == []


async def test_a_publishers_stream_is_recorded_by_the_service_alone(tmp_path: Path) -> None:
    settings = plant(tmp_path, "{kind: whip}")
    with pytest.raises(ConfigError, match=r"only it sees cell-4; set labels\.folder"):
        await record(settings, wish(tmp_path), CLOCK, asyncio.Event(), Heard())


@pytest.fixture
def keyboard(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """The other end of the terminal."""
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "r") as terminal:
        monkeypatch.setattr(sys, "stdin", terminal)
        yield ours
    os.close(ours)


async def test_enter_marks_a_moment_and_ctrl_d_ends_the_session(film: Path, tmp_path: Path, keyboard: int) -> None:
    heard = Heard()
    async with RtspCamera(FilmFeed(film, CLOCK)) as camera, asyncio.timeout(20):
        settings = plant(tmp_path, f'{{kind: rtsp, url: "{camera.url}"}}')
        asked = wish(tmp_path, count=None, by_hand=True)
        async with asyncio.TaskGroup() as tasks:
            session = tasks.create_task(record(settings, asked, CLOCK, asyncio.Event(), heard))
            while not heard.one_kept.is_set():  # it is told where it is too early
                heard.refused.clear()
                os.write(keyboard, b"\n")
                await CLOCK.sleep(0.3)
            os.write(keyboard, b"\n\x04")
    assert session.result() == len(heard.clips) >= 1
    assert all("key frame" in problem or "not at hand yet" in problem for problem in heard.problems)
    for row in labelled(tmp_path / "out"):
        assert row.start_s is not None
        assert row.end_s is not None
        assert row.end_s - row.start_s == pytest.approx(0.8, abs=0.002)
        assert 0 <= row.start_s < 1.1
        assert played_s(tmp_path / "out" / row.path) >= row.end_s - 0.1


async def test_a_session_can_be_told_to_stop(film: Path, tmp_path: Path) -> None:
    stop, heard = asyncio.Event(), Heard()
    settings = plant(tmp_path, f"{{kind: file, path: {film}, pace: live}}")
    async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
        session = tasks.create_task(record(settings, wish(tmp_path, count=100), CLOCK, stop, heard))
        await heard.one_kept.wait()
        stop.set()
    assert session.result() == len(heard.clips) >= 1
    assert decode_threads() == []


@pytest.mark.parametrize(
    ("source", "error", "says"),
    [
        (
            '{kind: rtsp, url: "rtsp://127.0.0.1:1/"}',
            SourceUnavailable,
            "refused the connection.* no picture for 0.5 s",
        ),
        ("{kind: file, path: SELF}", SourceRejected, "not a video"),
    ],
)
async def test_a_camera_without_pictures_is_told(
    source: str, error: type[Exception], says: str, tmp_path: Path
) -> None:
    settings = plant(tmp_path, source.replace("SELF", __file__))
    heard = Heard()
    with pytest.raises(error, match=says):
        await record(settings, wish(tmp_path, patience_s=0.5), CLOCK, asyncio.Event(), heard)
    assert not (tmp_path / "out").exists()


async def test_the_region_of_the_watch_is_told_to_readers(film: Path, tmp_path: Path) -> None:
    settings = plant(tmp_path, f"{{kind: file, path: {film}, pace: fast}}")
    watch = settings.streams[0].watches[0].model_copy(update={"region": (0.1, 0.2, 0.9, 1.0)})
    stream = settings.streams[0].model_copy(update={"watches": (watch,)})
    looking = settings.model_copy(update={"streams": (stream,)})
    await record(looking, wish(tmp_path, count=1), CLOCK, asyncio.Event(), Heard())
    assert [row.region for row in labelled(tmp_path / "out")] == [(0.1, 0.2, 0.9, 1.0)]


async def test_an_unknown_watch_is_answered_with_those_there_are(film: Path, tmp_path: Path) -> None:
    settings = plant(tmp_path, f"{{kind: file, path: {film}}}")
    with pytest.raises(ConfigError, match="there is no cell-4/door; there are: cell-4/bench"):
        await record(settings, wish(tmp_path, watch="door"), CLOCK, asyncio.Event(), Heard())


async def test_a_folder_that_takes_nothing_ends_the_session(film: Path, tmp_path: Path) -> None:
    settings = plant(tmp_path, f"{{kind: file, path: {film}, pace: fast}}")
    (tmp_path / "out").write_text("a file")
    with pytest.raises(ClipUnwritable, match="make room, or give another folder"):
        await record(settings, wish(tmp_path), CLOCK, asyncio.Event(), Heard())
