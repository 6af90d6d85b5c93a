"""Laws of what our own service records: what is written is read, and what is no line is named by its number."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recognizers.clip import Picture
from recognizers.data.lists import VideoListData
from recognizers.data.recordings import LABELS_FILE, Labelled, append, forget, labelled, read_recordings
from recognizers.data.track import Sampling
from recognizers.errors import DataError
from streamer.testing.film import write_film
from tests.recognizers.data.datasets import film, quiet

TIGHTEN = Labelled("clips/1.mp4", "tighten", 0.5, 1.5, group="anna", stream="cell-4")


@given(
    st.lists(
        st.builds(
            Labelled,
            path=st.text(min_size=1),
            label=st.text(),
            start_s=st.none() | st.floats(0, 5),
            end_s=st.none() | st.floats(6, 9),
            group=st.text(),
            stream=st.text(),
            split=st.sampled_from(("", "train", "val", "test")),
        ),
        min_size=1,
    )
)
def test_what_is_written_is_read(tmp_path_factory: pytest.TempPathFactory, lines: list[Labelled]) -> None:
    folder = tmp_path_factory.mktemp("recordings")
    append(folder, *lines[:1])
    append(folder, *lines[1:])
    assert labelled(folder) == lines


def test_a_line_that_was_cut_off_spoils_no_other(tmp_path: Path) -> None:
    append(tmp_path, TIGHTEN)
    with (tmp_path / LABELS_FILE).open("a") as file:
        file.write('{"path": "clips/2.m')
    append(tmp_path, TIGHTEN)
    with pytest.raises(DataError, match=r"labels\.jsonl:2: is no JSON"):
        labelled(tmp_path)
    lines = (tmp_path / LABELS_FILE).read_text().splitlines()
    assert len(lines) == 3
    assert lines[0] == lines[2]


def test_a_clip_is_forgotten_with_all_its_lines_and_nothing_else_is(tmp_path: Path) -> None:
    other = replace(TIGHTEN, path="clips/2.mp4")
    append(tmp_path, TIGHTEN, other, replace(TIGHTEN, label="loosen", start_s=1.5, end_s=2.0))
    with (tmp_path / LABELS_FILE).open("a") as file:
        file.write('{"path": "clips/3.m')
    (tmp_path / "clips").mkdir()
    for number in (1, 2):
        (tmp_path / "clips" / f"{number}.mp4").write_bytes(b"film")
    assert forget(tmp_path, TIGHTEN.path)
    assert not forget(tmp_path, TIGHTEN.path)
    assert [path.name for path in (tmp_path / "clips").iterdir()] == ["2.mp4"]
    (line, cut_off) = (tmp_path / LABELS_FILE).read_text().splitlines()
    assert json.loads(line)["path"] == other.path
    assert cut_off == '{"path": "clips/3.m'


def test_what_lies_outside_of_the_folder_is_never_removed(tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "set", tmp_path / "mine.mp4"
    elsewhere.write_bytes(b"film")
    append(folder, replace(TIGHTEN, path="../mine.mp4"))
    assert forget(folder, "../mine.mp4")
    assert elsewhere.read_bytes() == b"film"


def test_no_line_is_lost_while_another_process_takes_some_away(tmp_path: Path) -> None:
    append(tmp_path, *(replace(TIGHTEN, path=f"old/{n}.mp4") for n in range(50)))

    def add() -> None:
        for n in range(50):
            append(tmp_path, replace(TIGHTEN, path=f"new/{n}.mp4"))

    adding = threading.Thread(target=add)
    adding.start()
    for n in range(50):
        assert forget(tmp_path, f"old/{n}.mp4")
    adding.join()
    assert [line.path for line in labelled(tmp_path)] == [f"new/{n}.mp4" for n in range(50)]


def test_clips_have_the_label_where_it_goes_on_and_background_elsewhere(tmp_path: Path) -> None:
    for number, group in enumerate(("anna", "bert", "carl"), start=1):
        film(tmp_path / f"clips/{number}.mp4", seed=number)
        append(tmp_path, Labelled(f"clips/{number}.mp4", "tighten", 0.5, 1.5, group=group))
    data = VideoListData("recordings", tmp_path).load(Sampling(10.0, 24), quiet)
    assert data.labels == ("background", "tighten")
    (held_out,) = data.held_out
    assert held_out.group == "group carl"
    assert held_out.labels.tolist() == [0] * 5 + [1] * 10 + [0] * 5


def test_several_lines_of_a_clip_are_one_recording(tmp_path: Path) -> None:
    lines = [Labelled("1.mp4", "hold", stream="cam"), Labelled("1.mp4", "turn", 1.0, 2.0, stream="cam")]
    append(tmp_path, *lines, Labelled("2.mp4", "", stream="cam"))
    one, none = read_recordings(tmp_path).recordings
    assert one.group == "cam"
    assert one.labels == {"hold", "turn"}
    assert one.combinations() == {("hold",), ("hold", "turn")}
    assert none.spans == ()
    assert read_recordings(tmp_path).labels == ("hold", "turn")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("tighten", "is no JSON"),
        ("[1]", "one JSON object a line with path and label"),
        ('{"path": "a.mp4"}', "one JSON object a line with path and label"),
        ('{"path": "a.mp4", "label": null}', "path and label are texts"),
        ('{"path": "", "label": "x"}', "path is empty"),
        ('{"path": "a.mp4", "label": 3}', "label is 3; it is a text"),
        ('{"path": "a.mp4", "label": "x", "start_s": "1"}', "start_s is '1'; it is a number"),
        ('{"path": "a.mp4", "label": "x", "start_s": NaN}', "start_s is nan; it is a number"),
        ('{"path": "a.mp4", "label": "x", "start_s": 3, "end_s": 2}', "needs 0 <= start_s < end_s"),
        ('{"path": "a.mp4", "label": "x", "split": "validation"}', "one of train, val, test"),
    ],
)
def test_a_bad_line_is_named_by_its_number(tmp_path: Path, line: str, says: str) -> None:
    good = json.dumps({"path": "a.mp4", "label": "x", "seen_by": "another reader"})
    (tmp_path / LABELS_FILE).write_text(f"{good}\n\n{line}\n")
    with pytest.raises(DataError, match=f"labels.jsonl:3: .*{says}".replace("[", r"\[")):
        labelled(tmp_path)


def test_a_clip_has_one_group(tmp_path: Path) -> None:
    append(tmp_path, Labelled("1.mp4", "x", group="a"), Labelled("1.mp4", "y", group="b"))
    with pytest.raises(DataError, match=r"1\.mp4 has lines of several groups"):
        read_recordings(tmp_path)


def test_a_folder_without_labels_says_so(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"cannot read .*labels\.jsonl"):
        read_recordings(tmp_path)


def test_only_the_region_is_seen(tmp_path: Path) -> None:
    """The watch will look there, so training does."""
    for number, group in enumerate(("anna", "bert", "carl"), start=1):
        write_film(tmp_path / f"{number}.mp4", halves(20), 10)
        append(tmp_path, Labelled(f"{number}.mp4", "tighten", group=group, region=(0.5, 0.0, 1.0, 1.0)))
    data = VideoListData("recordings", tmp_path).load(Sampling(10.0, 24), quiet)
    seen = np.asarray(data.training[0].pictures[np.arange(5)])
    assert seen.shape == (5, 24, 24, 3)
    assert seen.mean() > 200  # of the right half, which alone is bright


def halves(count: int) -> Iterator[Picture]:
    """Dark on the left, bright on the right."""
    picture = np.zeros((48, 96, 3), np.uint8)
    picture[:, 48:] = 230
    return (picture for _ in range(count))


def test_a_region_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / LABELS_FILE).write_text('{"path": "a.mp4", "label": "b", "region": [0.5, 0, 0.2, 1]}')
    with pytest.raises(DataError, match=r"labels\.jsonl:1: region is .* left, top, right, bottom"):
        labelled(tmp_path)
    (tmp_path / LABELS_FILE).unlink()
    append(tmp_path, TIGHTEN, replace(TIGHTEN, region=(0.0, 0.0, 0.5, 1.0)))
    with pytest.raises(DataError, match="several regions"):
        read_recordings(tmp_path)
