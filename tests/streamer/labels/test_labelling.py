"""What somebody names is kept as `takt record` keeps it, told from what cannot be, and taken away again."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import av
import pytest

from recognizers.clip import Region
from recognizers.data.recordings import labelled, read_recordings
from streamer.errors import ClipUnwritable, NotKept, NotNow
from streamer.evidence.privacy import Privacy
from streamer.labels.labelling import MOST_WAITING
from streamer.media.packets import Excerpt
from tests.streamer.labels.cameras import BENCH, FPS, Bench, clips, filmed


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Excerpt:
    return filmed(tmp_path_factory.mktemp("film"))


def shown(path: Path) -> int:
    with av.open(str(path)) as opened:
        return len(list(opened.decode(video=0)))


async def test_a_moment_becomes_a_clip_and_its_line(film: Excerpt, tmp_path: Path) -> None:
    bench = Bench(film, tmp_path / "set")
    await bench.run(8.0)
    said = await bench.mark(ago_s=2.5, before_s=2.0, after_s=1.0)  # from 3.4 s to 6.4 s, a key frame at 3 s
    (line,) = labelled(bench.folder)
    assert (line.label, line.stream, line.path) == ("tighten", "cam", said["path"])
    assert line.start_s == pytest.approx(0.5, abs=0.11)
    assert line.end_s == pytest.approx(line.start_s + 3.0)
    assert shown(bench.folder / line.path) == pytest.approx(3.5 * FPS, abs=2)
    assert read_recordings(bench.folder).labels == ("tighten",)


async def test_what_is_still_to_come_is_waited_for(film: Excerpt, tmp_path: Path) -> None:
    bench = Bench(film, tmp_path)
    await bench.run(5.0)
    said = await bench.marked(bench.mark(before_s=1.0, after_s=2.0), 4.0)
    assert shown(tmp_path / str(said["path"])) >= 3.0 * FPS
    assert [said["start_s"], said["end_s"]] == [labelled(tmp_path)[0].start_s, labelled(tmp_path)[0].end_s]


async def test_a_label_that_says_now_needs_no_time(film: Excerpt, tmp_path: Path) -> None:
    bench = Bench(film, tmp_path)
    await bench.run(5.0)
    said = await bench.marked(bench.labelling.mark("cam", "tighten", None, 1.0, 0.0), 0.5)
    assert labelled(tmp_path)[0].path == said["path"]
    assert shown(tmp_path / str(said["path"])) == pytest.approx(FPS + 1, abs=1)


async def test_none_of_the_actions_is_the_background(film: Excerpt, tmp_path: Path) -> None:
    bench = Bench(film, tmp_path)
    await bench.run(5.0)
    said = await bench.mark(" background ")
    assert (said["label"], labelled(tmp_path)[0].label) == ("background", "")
    assert str(said["path"]).startswith("background/")


async def test_no_label_leads_out_of_the_folder_or_into_the_place_of_the_lines(film: Excerpt, tmp_path: Path) -> None:
    bench = Bench(film, tmp_path)
    await bench.run(5.0)
    for label in ("labels.jsonl", "../../etc", "..", ".labels.jsonl."):
        folder, name = Path(str((await bench.mark(label))["path"])).parts
        assert not {folder, name} & {"/", "..", "labels.jsonl"}
    assert {line.label for line in labelled(tmp_path)} == {"labels.jsonl", "../../etc", "..", ".labels.jsonl."}


async def test_two_moments_between_two_key_frames_are_two_clips(film: Excerpt, tmp_path: Path) -> None:
    bench = Bench(film, tmp_path)
    await bench.run(5.5)
    paths = {(await bench.mark(ago_s=ago_s, before_s=1.0))["path"] for ago_s in (0.3, 0.2)}
    assert len(paths) == 2
    assert all(shown(tmp_path / str(path)) for path in paths)


@pytest.mark.parametrize(
    ("regions", "kept"), [((BENCH,), BENCH), ((BENCH, BENCH), BENCH), ((BENCH, Region()), Region())]
)
async def test_a_clip_is_of_what_the_watches_look_at(
    film: Excerpt, tmp_path: Path, regions: tuple[Region, ...], kept: Region
) -> None:
    bench = Bench(film, tmp_path, Privacy(regions=regions))
    await bench.run(5.0)
    await bench.mark()
    assert labelled(tmp_path)[0].looked_at() == kept


@pytest.mark.parametrize(
    ("ran_s", "asked", "why"),
    [
        (0.0, {}, "no picture came yet"),
        (1.0, {"before_s": 2.0}, r"not at hand: .* reach back 0\.9 s, and never more than about 6 \(labels\.back_s\)"),
        (12.0, {"ago_s": 11.0}, r"not at hand"),
        (5.0, {"before_s": 4.0, "after_s": 4.0}, r"a clip of 8 s was asked for; .* at most 6 s"),
        (5.0, {"before_s": 0.0, "after_s": 0.0}, "longer than 0"),
        (5.0, {"ago_s": -60.0}, "still to come"),
    ],
)
async def test_what_is_not_at_hand_is_told(
    film: Excerpt, tmp_path: Path, ran_s: float, asked: dict[str, float], why: str
) -> None:
    bench = Bench(film, tmp_path, back_s=6.0)
    await bench.run(ran_s)
    with pytest.raises(NotKept, match=why):
        await bench.mark(**asked)
    assert clips(tmp_path) == []


async def test_a_camera_that_stops_before_the_last_second_is_told(film: Excerpt, tmp_path: Path) -> None:
    bench = Bench(film, tmp_path)
    await bench.run(5.0)
    with pytest.raises(ExceptionGroup) as errors:
        await bench.marked(bench.mark(after_s=2.0), 1.0)
    assert errors.group_contains(NotKept, match="gave no more pictures")


async def test_a_connection_that_ends_takes_what_waits_with_it(film: Excerpt, tmp_path: Path) -> None:
    bench = Bench(film, tmp_path)
    await bench.run(5.0)
    with pytest.raises(ExceptionGroup) as errors:
        async with asyncio.TaskGroup() as group:
            group.create_task(bench.mark(after_s=2.0))
            await bench.run(1.0)
            bench.connect(2)
            await bench.run(3.0)
    assert errors.group_contains(NotKept, match="connection has ended")


async def test_only_so_many_wait(film: Excerpt, tmp_path: Path) -> None:
    bench = Bench(film, tmp_path)
    await bench.run(5.0)
    with pytest.raises(ExceptionGroup) as errors:
        async with asyncio.TaskGroup() as group:
            for _ in range(MOST_WAITING + 1):
                group.create_task(bench.mark(after_s=2.0))
            await bench.run(3.0)
    assert errors.group_contains(NotNow, match="wait for their last second")


async def test_pictures_that_must_not_be_kept_are_not(film: Excerpt, tmp_path: Path) -> None:
    private = Privacy(blur="people")
    bench = Bench(film, tmp_path, private)
    await bench.run(5.0)
    with pytest.raises(NotKept, match=r"labels\.unmasked: true"):
        await bench.mark()
    allowed = Bench(film, tmp_path, private, unmasked=True)
    await allowed.run(5.0)
    assert (await allowed.mark())["label"] == "tighten"


async def test_an_unknown_stream_and_one_that_left_are_told(film: Excerpt, tmp_path: Path) -> None:
    bench = Bench(film, tmp_path)
    await bench.run(5.0)
    with pytest.raises(KeyError):
        await bench.labelling.mark("other", "tighten", None, 1.0, 0.0)
    bench.labelling.leave("cam")
    with pytest.raises(KeyError):
        await bench.mark()


async def test_clips_take_no_more_room_than_they_may(film: Excerpt, tmp_path: Path) -> None:
    bench = Bench(film, tmp_path, max_bytes=1)
    await bench.run(5.0)
    with pytest.raises(ClipUnwritable, match=r"remove some, or raise labels\.max_mib"):
        await bench.mark()
    assert clips(tmp_path) == []


async def test_a_disk_that_takes_nothing_is_told(film: Excerpt, tmp_path: Path) -> None:
    (tmp_path / "set").write_text("no folder")
    bench = Bench(film, tmp_path / "set")
    await bench.run(5.0)
    with pytest.raises(ClipUnwritable, match="make room, or give another folder"):
        await bench.mark()


async def test_labels_are_listed_the_newest_first_and_counted(film: Excerpt, tmp_path: Path) -> None:
    bench = Bench(film, tmp_path)
    assert await bench.labelling.listing() == {"labels": [], "folder": str(tmp_path), "counts": {}}
    await bench.run(8.0)
    for label, ago_s in (("tighten", 3.0), ("loosen", 2.0), ("tighten", 1.0)):
        await bench.mark(label, ago_s)
    said: Any = await bench.labelling.listing()
    assert [one["label"] for one in said["labels"]] == ["tighten", "loosen", "tighten"]
    assert [one["path"] for one in said["labels"]] == [line.path for line in reversed(labelled(tmp_path))]
    assert said["counts"] == {"loosen": 1, "tighten": 2}
    assert len({one["id"] for one in said["labels"]}) == 3


async def test_a_label_that_was_wrong_is_taken_away_with_its_clip(film: Excerpt, tmp_path: Path) -> None:
    bench = Bench(film, tmp_path)
    await bench.run(8.0)
    wrong, right = await bench.mark("wrong", 3.0), await bench.mark("right", 1.0)
    await bench.labelling.remove(str(wrong["id"]))
    assert [line.path for line in labelled(tmp_path)] == [right["path"]]
    assert clips(tmp_path) == [right["path"]]
    with pytest.raises(KeyError):
        await bench.labelling.remove(str(wrong["id"]))


async def test_a_line_that_is_none_is_told_where_it_stands(film: Excerpt, tmp_path: Path) -> None:
    (tmp_path / "labels.jsonl").write_text('{"path": 3}\n')
    with pytest.raises(ClipUnwritable, match=r"labels\.jsonl:1: .*mend or remove this line"):
        await Bench(film, tmp_path).labelling.listing()
