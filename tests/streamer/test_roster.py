"""What becomes of streams when somebody asks, or the file changes. Networks are real, what follows streams is not."""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import pytest
import yaml

from streamer.build import Making, build_models, making_of
from streamer.clock import SystemClock
from streamer.errors import ConfigError, Exists, NotNow
from streamer.event import Reason
from streamer.following import Following, Turn
from streamer.metrics import Metrics
from streamer.plan import StreamPlan
from streamer.rereading import Written
from streamer.roster import Roster
from streamer.settings import Settings, load
from streamer.testing.time import FakeClock
from streamer.views import StreamView
from tests.streamer.plants import write_plant

HERE, THERE = '{kind: rtsp, url: "rtsp://127.0.0.1:1/"}', '{kind: rtsp, url: "rtsp://127.0.0.1:2/"}'
SECRET = "C4N4RY"


def making(settings: Settings, added: Collection[str]) -> Making:
    return making_of(settings, SystemClock(), Metrics(), added=added)


def view(stream: str) -> StreamView:
    return StreamView(stream, "rtsp", "", ())


class Followed:
    """Does turns as a worker does, without watching anything."""

    def __init__(self, settings: Settings) -> None:
        self.streams: dict[str, StreamPlan | None] = {one.id: None for one in settings.streams}
        self.stopped: set[str] = set()
        self.left: list[tuple[str, Reason]] = []
        self.loaded: list[str] = []
        self.models = build_models(settings)

    @property
    def watched(self) -> list[StreamPlan]:
        return [plan for name, plan in self.streams.items() if plan is not None and name not in self.stopped]

    def is_stopped(self, stream: str) -> bool:
        return stream in self.stopped

    async def stop(self, stream: str) -> None:
        self.stopped.add(stream)

    async def start(self, stream: str) -> None:
        self.stopped.discard(stream)

    async def apply(self, turn: Turn) -> None:
        plans = turn.joining({**self.models, **turn.models})
        self.models |= turn.models
        self.loaded += turn.models
        for stream, reason in turn.leaving.items():
            self.left.append((stream, reason))
            del self.streams[stream]
        self.streams |= {plan.id: plan for plan in plans}
        self.stopped = (self.stopped - turn.leaving.keys()) | {*turn.stopped}


class House:
    """A configuration of `a` and `b`, and a roster that looks at it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.clock = folder, FakeClock()
        self.file = self.write(a=HERE, b=HERE)
        self.start()

    def start(self) -> None:
        self.written = Written(self.file, {})
        settings = load(self.file, {})
        self.roster = Roster(settings, self.written, self.clock, making, view)
        self.followed = Followed(self.roster.remember())

    def write(self, more: str = "", **streams: str) -> Path:
        return write_plant(self.folder, streams, more)

    def section(self, name: str = "c", **more: object) -> dict[str, Any]:
        watch = {"id": "bench", "recognizer": "light"}
        return {"id": name, "source": {"kind": "rtsp", "url": "rtsp://127.0.0.1:3/"}, "watches": [watch], **more}

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async with asyncio.timeout(20), asyncio.TaskGroup() as group:
            task = group.create_task(self.roster.run(cast(Following, self.followed)))
            await self.clock.advance(0)
            yield
            task.cancel()

    async def until(self, true: Callable[[], bool]) -> None:
        while not true():
            await self.clock.advance(0.1)
            await asyncio.sleep(0.002)

    async def later(self, seconds: float = 5.0) -> None:
        """Time enough for the file to be looked at."""
        ends_s = self.clock.monotonic() + seconds
        await self.until(lambda: self.clock.monotonic() >= ends_s)

    @property
    def running_streams(self) -> list[str]:
        return list(self.followed.streams)


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


async def test_a_stream_is_added_with_recognizers_that_run(house: House) -> None:
    async with house.running():
        assert (await house.roster.add(house.section())).id == "c"
        assert house.running_streams == ["a", "b", "c"]
        assert house.followed.left == []
        assert [one.id for one in house.roster.settings.streams] == ["a", "b", "c"]


@pytest.mark.parametrize("wrong", ["watches", "source", "id", "kind", "recognizer", "region", "unknown", "procedure"])
async def test_mistakes_are_told_in_the_words_of_a_file(house: House, wrong: str) -> None:
    section = house.section()
    watch = section["watches"][0]
    {
        "watches": lambda: section.pop("watches"),
        "source": lambda: section["source"].update(url="http://x"),
        "id": lambda: section.update(id="Not A Slug"),
        "kind": lambda: section["source"].update(kind="rstp"),
        "recognizer": lambda: watch.update(recognizer="lihgt"),
        "region": lambda: watch.update(region=[0.5, 0, 0.1, 1]),
        "unknown": lambda: section.update(sorce=1),
        "procedure": lambda: watch.update(procedure="nowhere.yaml"),
    }[wrong]()
    value = yaml.safe_load(house.file.read_text())
    value["streams"].append(section)
    (house.folder / "other.yaml").write_text(yaml.safe_dump(value))
    with pytest.raises(ConfigError) as in_file:
        load(house.folder / "other.yaml", {})
    async with house.running():
        with pytest.raises(ConfigError) as added:
            await house.roster.add(section)
        assert house.running_streams == ["a", "b"]
    told = [problem.split(": ", 1)[1] for problem in in_file.value.problems]
    assert list(added.value.problems) == [problem.replace("streams.2.", "") for problem in told]


async def test_variables_are_for_files_alone(house: House) -> None:
    house.written = Written(house.file, {"PASSWORD": SECRET})
    async with house.running():
        with pytest.raises(ConfigError, match=r"source.url: holds `\$\{`"):
            await house.roster.add(house.section(source={"kind": "rtsp", "url": "rtsp://me:${PASSWORD}@evil/"}))


async def test_a_name_is_given_once(house: House) -> None:
    async with house.running():
        with pytest.raises(Exists, match="a is a stream of the configuration file"):
            await house.roster.add(house.section("a"))
        await house.roster.add(house.section())
        with pytest.raises(Exists, match="there is a stream c already"):
            await house.roster.add(house.section())
        for ask in (house.roster.remove, house.roster.stop, house.roster.start):
            with pytest.raises(KeyError, match="d"):
                await ask("d")
        with pytest.raises(ConfigError, match="id: must be c"):
            await house.roster.change("c", house.section("d"))


async def test_a_change_concerns_one_stream_and_leaves_it_stopped_where_it_was(house: House) -> None:
    async with house.running():
        await house.roster.add(house.section())
        await house.roster.stop("c")
        await house.roster.change("c", house.section(blur="surroundings"))
        assert house.followed.left == [("c", Reason.CHANGED)]
        assert house.followed.stopped == {"c"}
        assert house.roster.settings.streams[2].blur == "surroundings"
        await house.roster.remove("c")
        assert house.followed.left[1:] == [("c", Reason.REMOVED)]
        assert house.running_streams == ["a", "b"]
        assert house.followed.loaded == []


async def test_what_is_to_be_kept_is_there_at_the_next_start_and_can_be_copied(house: House) -> None:
    async with house.running():
        await house.roster.add(
            house.section("c", source={"kind": "rtsp", "url": f"rtsp://me:{SECRET}@cam/"}), persist=True
        )
        await house.roster.add(house.section("d"))
    kept = house.folder / "data" / "streams.yaml"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert kept.read_text().startswith("# Streams that were added")
    house.start()
    assert [one.id for one in house.roster.settings.streams] == ["a", "b", "c"]
    streams = yaml.safe_load(kept.read_text())["streams"]
    value = yaml.safe_load(house.file.read_text())
    (house.folder / "copied.yaml").write_text(yaml.safe_dump({**value, "streams": value["streams"] + streams}))
    assert load(house.folder / "copied.yaml", {}).streams == house.roster.settings.streams
    async with house.running():
        await house.roster.remove("c", persist=True)
    house.start()
    assert [one.id for one in house.roster.settings.streams] == ["a", "b"]


async def test_what_is_not_to_be_kept_comes_back_as_it_was(house: House) -> None:
    async with house.running():
        await house.roster.add(house.section(), persist=True)
        await house.roster.change("c", house.section(blur="surroundings"))
        with pytest.raises(ConfigError, match="a is a stream of the configuration file: change it there"):
            await house.roster.change("a", house.section("a"), persist=True)
        await house.roster.remove("c")
    house.start()
    assert house.roster.settings.streams[2].blur == "none"


async def test_kept_streams_that_no_longer_fit_hold_up_nobody(house: House, caplog: pytest.LogCaptureFixture) -> None:
    async with house.running():
        await house.roster.add(house.section("c"), persist=True)
        await house.roster.add(house.section("d"), persist=True)
    house.write(a=HERE, c=HERE)
    house.start()
    assert [one.id for one in house.roster.settings.streams] == ["a", "c", "d"]
    assert "stream c of" in caplog.text
    assert "is a stream of the configuration file" in caplog.text
    (house.folder / "data" / "streams.yaml").write_text("streams: [")
    house.start()
    assert [one.id for one in house.roster.settings.streams] == ["a", "c"]
    assert "streams that were kept are not watched" in caplog.text


async def test_a_changed_file_is_applied_to_what_changed(house: House) -> None:
    async with house.running():
        await house.roster.add(house.section())
        house.write(b=THERE, d=HERE, more="shutdown: {grace_s: 3}\n")
        changes = await house.roster.reload()
        assert (changes.added, changes.changed, changes.removed, changes.unchanged, changes.later) == (
            ("d",), ("b",), ("a",), ("c",), ("shutdown",),
        )  # fmt: skip
        assert house.followed.left == [("a", Reason.REMOVED), ("b", Reason.CHANGED)]
        assert sorted(house.running_streams) == ["b", "c", "d"]
        assert house.roster.settings.shutdown.grace_s == 10.0, "that takes effect at the next start"


async def test_a_bad_file_changes_nothing_and_says_why(house: House) -> None:
    async with house.running():
        await house.roster.add(house.section())
        for text, words in (
            ("streams: [", "is not YAML"),
            (house.file.read_text().replace("recognizer: light", "recognizer: lihgt"), "did you mean light"),
            (house.file.read_text().replace("id: b,", "id: c,"), "c was added while the service ran"),
            (
                house.file.read_text().replace("{light:", "{lamp:").replace(": light", ": lamp"),
                "stream c, which was added while the service ran",
            ),
        ):
            before = house.file.read_text()
            house.file.write_text(text)
            with pytest.raises(ConfigError, match=words):
                await house.roster.reload()
            house.file.write_text(before)
        assert (house.running_streams, house.followed.left) == (["a", "b", "c"], [])


async def test_what_is_changed_here_holds_until_the_file_says_something_else(house: House) -> None:
    async with house.running():
        await house.roster.remove("a")
        await house.roster.change("b", house.section("b", blur="surroundings"))
        house.write(a=HERE, b=HERE, c=HERE)
        assert (await house.roster.reload()).added == ("c",)
        assert house.running_streams == ["b", "c"]
        house.write(a=THERE, b=THERE)
        changes = await house.roster.reload()
        assert (changes.added, changes.changed, changes.removed) == (("a",), ("b",), ("c",))
        assert house.roster.settings.streams[1].blur == "none"


async def test_other_settings_of_a_recognizer_concern_all_who_use_it(house: House) -> None:
    async with house.running():
        await house.roster.add(house.section())
        house.file.write_text(house.file.read_text().replace("light: {", "light: {average_clips: 2, "))
        assert set((await house.roster.reload()).changed) == {"a", "b", "c"}
        assert house.followed.loaded == ["light"]


def saved(house: House, text: str) -> None:
    house.file.write_text(text)


def renamed(house: House, text: str) -> None:
    new = house.folder / ".plant.yaml.swp"
    new.write_text(text)
    new.replace(house.file)


def swapped(house: House, text: str) -> None:
    """As Kubernetes swaps the folder of a ConfigMap."""
    new = house.folder / "..2"
    new.mkdir()
    (new / "plant.yaml").write_text(text)
    link = house.folder / "..data_tmp"
    link.symlink_to(new)
    os.replace(link, house.folder / "..data")


@pytest.mark.parametrize("change", [saved, renamed, swapped])
async def test_a_change_of_the_file_is_noticed_however_it_comes(
    house: House, change: Callable[[House, str], None]
) -> None:
    old = house.folder / "..1"
    old.mkdir()
    text = house.file.read_text()
    if change is swapped:
        house.file.replace(old / "plant.yaml")
        (house.folder / "..data").symlink_to(old)
        house.file.symlink_to(Path("..data") / "plant.yaml")
    house.start()
    async with house.running():
        await house.later()
        assert house.followed.left == []
        change(house, text.replace("id: b,", "id: c,"))
        await house.until(lambda: house.running_streams == ["a", "c"])


async def test_a_file_that_is_gone_or_wrong_is_told_of_once_and_what_runs_goes_on(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    text = house.file.read_text()
    async with house.running():
        house.file.unlink()
        await house.later()
        assert caplog.text.count("cannot be read now; what runs goes on") == 1
        house.file.write_text(text.replace("recognizer: light", "recognizer: lihgt"))
        await house.until(lambda: "did you mean light?" in caplog.text)
        await house.later()
        assert caplog.text.count("did you mean light?") == 2, "of each stream, once"
        assert house.running_streams == ["a", "b"]
        house.file.write_text(text.replace("id: b,", "id: c,"))
        await house.until(lambda: house.running_streams == ["a", "c"])


async def test_somebody_may_ask_that_it_is_read_again(house: House, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    text = house.file.read_text()
    async with house.running():
        house.file.write_text("streams: [")
        await house.until(lambda: "is not YAML" in caplog.text)
        house.written.again.set()
        await house.until(lambda: caplog.text.count("is not YAML") == 2)
        assert not house.written.again.is_set()
        house.file.write_text(text)
        await house.until(lambda: "nothing is different" in caplog.text)
        house.written.again.set()
        await house.until(lambda: caplog.text.count("nothing is different") == 2)


async def test_a_file_that_became_a_pipe_holds_up_nobody(house: House, caplog: pytest.LogCaptureFixture) -> None:
    async with house.running():
        house.file.unlink()
        os.mkfifo(house.file)
        await house.later()
        assert caplog.text.count("cannot be read now; what runs goes on") == 1
        with pytest.raises(ConfigError, match="it is a device, a pipe or a socket"):
            await house.roster.reload()
        await house.roster.add(house.section())
        assert house.running_streams == ["a", "b", "c"]


async def test_nothing_is_done_before_the_service_runs_or_after(house: House) -> None:
    asked: list[Callable[[], Awaitable[object]]] = [
        lambda: house.roster.add(house.section()),
        house.roster.reload,
        lambda: house.roster.stop("a"),
    ]
    assert (house.roster.models(), house.roster.watches()) == ({}, [])
    for ask in asked:
        with pytest.raises(NotNow, match="does not run yet, or ends now"):
            await ask()


async def test_a_file_that_is_not_there_cannot_be_read_again(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.roster = Roster(load(house.file, {}), None, house.clock, making, view)
    async with house.running():
        with pytest.raises(ConfigError, match="without a file"):
            await house.roster.reload()
