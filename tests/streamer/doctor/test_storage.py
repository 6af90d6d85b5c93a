"""The doctor looks at the disk where events wait."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from streamer.clock import SystemClock
from streamer.doctor import Grade, storage
from streamer.doctor.finding import Notes
from tests.streamer.doctor.findings import worst
from tests.streamer.settings.files import VALID, read, write_card

MOUNTS = """/dev/vda / ext4 rw 0 0
server:/x /data nfs4 rw 0 0
tmpfs /data/fast tmpfs rw 0 0
"""


def everything(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*"))


async def test_a_disk_with_room_is_good_and_nothing_is_left_on_it(tmp_path: Path) -> None:
    write_card(tmp_path / "cell.safetensors")
    settings = read(tmp_path, f"data_dir: {tmp_path}/data/deep\noutbox: {{budget_mib: 1}}\n{VALID}")
    before = everything(tmp_path)
    found = await storage.look(settings, SystemClock())
    assert "are free" in found[0].says
    assert found[0].grade is Grade.GOOD
    assert everything(tmp_path) == before


async def test_a_budget_that_the_disk_does_not_hold_is_told(tmp_path: Path) -> None:
    write_card(tmp_path / "cell.safetensors")
    settings = read(tmp_path, f"data_dir: {tmp_path}\noutbox: {{budget_mib: 1000000}}\n{VALID}")
    first, *_ = worst(await storage.look(settings, SystemClock()))
    assert "outbox.budget_mib" in first.fix


async def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    write_card(tmp_path / "cell.safetensors")
    settings = read(tmp_path, f"data_dir: {tmp_path}/file\n{VALID}")
    (found,) = [one for one in worst(await storage.look(settings, SystemClock())) if "written" in one.says]
    assert found.grade is Grade.BAD


@pytest.mark.parametrize(
    ("folder", "kind"), [("/", "ext4"), ("/home", "ext4"), ("/data", "nfs4"), ("/data/fast/x", "tmpfs")]
)
def test_the_file_system_is_that_of_the_nearest_mount(folder: str, kind: str) -> None:
    assert storage.file_system(Path(folder), MOUNTS) == kind


@pytest.mark.parametrize(("kind", "grade"), [("nfs4", "bad"), ("fuse.sshfs", "bad"), ("tmpfs", "warning")])
def test_a_network_is_no_disk_and_memory_is_none_either(kind: str, grade: str) -> None:
    notes = Notes.of("disk", "data")
    storage.judge_kind(notes, kind)
    assert [one.grade for one in worst(notes.found)] == [grade]
    storage.judge_kind(notes, "ext4")
    assert len(notes.found) == 1


@pytest.mark.parametrize(("took_s", "grade"), [(0.004, "good"), (0.1, "warning"), (0.6, "bad")])
def test_a_slow_disk_is_told(took_s: float, grade: str) -> None:
    notes = Notes.of("disk", "data")
    storage.judge_speed(notes, took_s)
    assert [one.grade for one in notes.found] == [grade]


@dataclass(frozen=True)
class Disk:
    total: int
    free: int


@pytest.mark.parametrize(("workers", "grade"), [("1", Grade.GOOD), ("4", Grade.BAD), ("auto", Grade.GOOD)])
def test_each_worker_needs_room_for_its_own_outbox(tmp_path: Path, workers: str, grade: Grade) -> None:
    settings = read(tmp_path, f"data_dir: {tmp_path}/data\nworkers: {workers}\noutbox: {{budget_mib: 100}}\n{VALID}")
    notes = Notes.of("disk", "data")
    storage._room(notes, settings, Disk(2000 << 20, 300 << 20))
    (found,) = notes.found
    assert found.grade is grade
    assert ("400 for the outboxes of 4 workers" in found.says) is (workers == "4")


def test_what_waits_in_the_outbox_of_any_worker_has_its_room_already(tmp_path: Path) -> None:
    settings = read(tmp_path, f"data_dir: {tmp_path}/data\nworkers: 2\noutbox: {{budget_mib: 2}}\n{VALID}")
    for slot in "01":
        folder = settings.data_dir / "outbox" / slot
        folder.mkdir(parents=True)
        (folder / "outbox.db").write_bytes(bytes(1 << 20))
    notes = Notes.of("disk", "data")
    storage._room(notes, settings, Disk(2000 << 20, 3 << 20))
    (found,) = notes.found
    assert "may need 2" in found.says
