"""The outbox's folder: who owns it, what is kept free on its disk, where a damaged file goes."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from streamer.errors import OutboxUnavailable

DATABASE = "outbox.db"
BALLAST_BYTES = 8 << 20


@contextmanager
def owned(folder: Path) -> Iterator[None]:
    """Own the folder until the block ends; the kernel lets go of it when the process dies, however it dies.

    Raises:
        OutboxUnavailable: another process owns it, or it cannot be made or written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise OutboxUnavailable(f"cannot use the outbox folder {folder}: {error.strerror}") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise OutboxUnavailable(f"the outbox folder {folder} is in use by another process") from error
    finally:
        os.close(lock)


def private(file: Path) -> Path:
    """Make a file that nobody else may read, before SQLite makes it one that all may; its log and index follow it."""
    with suppress(OSError):  # what is wrong with the disk SQLite says itself
        file.touch(0o600)
    return file


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable: a new file may otherwise vanish with the power."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def quarantine(folder: Path, at: float) -> Path:
    """Set a damaged database aside with all that belongs to it; returns where it went."""
    aside = folder / f"quarantine-{int(at * 1000)}"
    aside.mkdir()
    for suffix in ("", "-wal", "-shm"):
        damaged = folder / f"{DATABASE}{suffix}"
        if damaged.exists():
            damaged.rename(aside / damaged.name)
    sync_folder(folder)
    return aside


class Ballast:
    """Disk space held back, so that messages can still be deleted on a full disk.

    SQLite cannot even delete when it finds no room for its log.
    """

    def __init__(self, folder: Path, budget_bytes: int) -> None:
        self._folder = folder
        self._file = folder / "ballast"
        self._size = min(BALLAST_BYTES, budget_bytes // 8)

    @property
    def starved(self) -> bool:
        """The ballast had to be given up and has not been taken back."""
        return not self._file.exists()

    @property
    def disk_full(self) -> bool:
        """So little is left that the disk, not the budget, is what refuses."""
        return self.starved or shutil.disk_usage(self._folder).free < self._size

    def release(self) -> None:
        self._file.unlink(missing_ok=True)

    def restore(self) -> bool:
        """Hold the space again where the disk has twice as much; True when it is held."""
        if not self.starved:
            return True
        if shutil.disk_usage(self._folder).free < 2 * self._size:
            return False
        try:
            handle = os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                os.posix_fallocate(handle, 0, self._size)
            finally:
                os.close(handle)
        except OSError:
            self.release()
            return False
        return True
