"""Laws of KIND:PATH."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from recognizers.data.naming import KINDS, Listed, named
from recognizers.data.recordings import Labelled, append
from recognizers.data.sets import WorkCellData
from recognizers.data.skeletons import SkeletonData
from recognizers.data.track import Sampling
from recognizers.errors import DataError
from tests.recognizers.data.datasets import film, quiet, write_ava, write_charades, write_kinetics, write_ucf


def write_clips(folder: Path) -> Path:
    lines = [f"{film(folder / f'{n}.mp4', 1.0, seed=n).name},walk,{n}" for n in range(3)]
    (folder / "clips.csv").write_text("\n".join(["path,label,group", *lines]))
    return folder


def write_recordings(folder: Path) -> Path:
    for n in range(3):
        append(folder, Labelled(film(folder / f"{n}.mp4", 1.0, seed=n).name, "walk", group=str(n)))
    return folder


def write_classes(folder: Path) -> Path:
    for n in range(3):
        film(folder / "walk" / f"{n}.mp4", 1.0, seed=n)
    return folder


WRITERS = {
    "kinetics": write_kinetics,
    "charades": write_charades,
    "splits": write_ucf,
    "folder": write_classes,
    "clips": write_clips,
    "recordings": write_recordings,
    "ava": write_ava,
}


@pytest.mark.parametrize("kind", WRITERS)
def test_every_kind_of_list_has_recordings_and_can_be_loaded(tmp_path: Path, kind: str) -> None:
    data = named(f"{kind}:{WRITERS[kind](tmp_path)}")
    assert isinstance(data, Listed)
    assert all(one.path.is_file() for one in data.listing().recordings)
    loaded = data.load(Sampling(8.0, 32), quiet)  # type: ignore[attr-defined]
    assert loaded.held_out
    assert loaded.labels == ("background", *data.listing().labels)


def test_every_kind_is_tried_here() -> None:
    assert set(KINDS) == {*WRITERS, "skeletons", "cell"}


def test_the_cell_is_named_by_its_seed() -> None:
    data = named("cell:77x2")
    assert isinstance(data, WorkCellData)
    loaded = WorkCellData(77, 0, 4.0, 2, 0).load(Sampling(4.0, 32), quiet, ("held_out",))
    assert (data.seed, data.held_out, data.sessions) == (77, 2, 0)
    assert [track.group for track in loaded.held_out] == ["operator 78", "operator 79"]
    assert not loaded.training


def test_skeletons_are_held_out_by_subject(tmp_path: Path) -> None:
    path = tmp_path / "skeletons.npz"
    subjects = np.arange(12) % 6 + 1
    np.savez(
        path, frames=np.ones((24, 3, 2)), lengths=np.full(12, 2), labels=np.arange(12) % 2, subjects=subjects,
        names=np.array(["a", "b"]),
    )  # fmt: skip
    data = named(f"skeletons:{path}")
    assert isinstance(data, SkeletonData)
    assert data.held_out == (3, 6)
    assert {one.group for one in data.load().training}.isdisjoint({3, 6})


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("kinetic:/data", "names no data; give KIND:PATH, where KIND is one of kinetics, ava, "),
        ("/data/kinetics", "names no data"),
        ("kinetics:", "names no path"),
        ("folder:/nowhere/at/all", "no such file or folder: /nowhere/at/all; check the path"),
        ("cell:one", "cell:9000x12"),
    ],
)
def test_a_wrong_name_says_what_is_right(text: str, says: str) -> None:
    with pytest.raises(DataError, match=says):
        named(text)
