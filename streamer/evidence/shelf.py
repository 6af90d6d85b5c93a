"""Where kept pictures lie: a folder of which no file is older, and which is never larger, than it may be."""

from __future__ import annotations

import logging
import os
import re
import stat
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Protocol

from recognizers.files import is_there, write_whole
from streamer.clock import Clock
from streamer.errors import ClipUnwritable
from streamer.media.files import unwritable

_log = logging.getLogger(__name__)

NAME = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.(?:mp4|jpg)")
_UNFINISHED = re.compile(rf"\.{NAME.pattern}\.[0-9a-f]+\.part")
"""What a killed service leaves of a file that it was writing."""


class Observer(Protocol):
    def evidence_removed(self, reason: str, files: int) -> None:
        """`age` or `budget`."""
        ...

    def evidence_bytes(self, used: int) -> None: ...


@dataclass(frozen=True, slots=True)
class Limits:
    hours: float
    """No file is kept longer."""
    max_bytes: int
    """Of all files together; the oldest go first."""


@dataclass(frozen=True, slots=True)
class _File:
    at: float
    """Unix seconds since which it is kept."""
    size: int


class Shelf:
    """Files by name. Any thread may call any method; whoever calls one that touches the disk waits for the disk.

    What somebody else put into the folder is neither counted, nor removed, nor served, until it is taken up.
    """

    def __init__(self, folder: Path, limits: Limits, clock: Clock, observer: Observer) -> None:
        self.folder = folder
        self._limits, self._clock, self._observer = limits, clock, observer
        self._lock = threading.Lock()
        self._files: dict[str, _File] = {}
        """The oldest first."""
        self._used = 0
        self._promised: dict[str, float] = {}
        """Files that are on their way, and from when on they can be expected (Unix seconds). Without the lock, which is
        held while the disk is waited for: its single steps need none."""

    def tidy(self) -> None:
        """Find what an earlier service left: take up what is whole, and remove the rest and what is kept no longer.

        Raises:
            OSError: the folder cannot be read.
        """
        found = {}
        for entry in _regular(self.folder):
            if _UNFINISHED.fullmatch(entry.name):
                Path(entry.path).unlink(missing_ok=True)
                _log.warning("evidence removed: %s, which was never finished", entry.name)
            elif NAME.fullmatch(entry.name):
                now, known = self._clock.now(), entry.stat(follow_symlinks=False)
                # A time to come is none: such a file would outlive all others.
                found[entry.name] = _File(min(known.st_mtime, now), known.st_size)
        with self._lock:
            self._files = dict(sorted(found.items(), key=lambda item: item[1].at))
            self._used = sum(file.size for file in found.values())
        self.expire()

    def take_up(self) -> None:
        """Count, and keep within the limits, what others have put there since. Raises OSError as `tidy`."""
        found = {}
        for entry in _regular(self.folder):
            if NAME.fullmatch(entry.name) and entry.name not in self._files:
                known = entry.stat(follow_symlinks=False)
                found[entry.name] = _File(min(known.st_mtime, self._clock.now()), known.st_size)
        with self._lock:
            new = {name: file for name, file in found.items() if name not in self._files}
            self._files = dict(sorted((self._files | new).items(), key=lambda item: item[1].at))
            self._used += sum(file.size for file in new.values())
        self.expire()

    def expire(self) -> None:
        """Remove what is too old, and then the oldest until the rest fits."""
        with self._lock:
            self._make_room(0)
            self._observer.evidence_bytes(self._used)

    def put(self, name: str, content: bytes) -> None:
        """Keep a file, whole or not at all, readable by this user alone. The oldest make room for it.

        Raises:
            ClipUnwritable: it is larger than all files may be, or the disk does not take it.
        """
        check_size(name, content, self._limits.max_bytes)
        with self._lock:
            self._make_room(len(content))
        now = self._clock.now()
        write(self.folder / name, content, now)
        with self._lock:
            before = self._files.pop(name, None)
            self._files[name] = _File(now, len(content))
            self._used += len(content) - (0 if before is None else before.size)
            self._observer.evidence_bytes(self._used)
        self._promised.pop(name, None)

    def promise(self, name: str, ready_at: float) -> None:
        """A file will come. Never waits."""
        self._promised[name] = ready_at

    def give_up(self, name: str) -> None:
        """It will not come after all. Never waits."""
        self._promised.pop(name, None)

    def expected_at(self, name: str) -> float | None:
        """From when on a file that is on its way can be expected, in Unix seconds; None: it is not on its way."""
        return self._promised.get(name)

    def opened(self, name: str) -> tuple[BufferedReader, int] | None:
        """A file and its size; None where it is not kept."""
        with self._lock:
            known = name in self._files
        if not known:
            return None
        try:
            handle = os.open(self.folder / name, os.O_RDONLY | os.O_NOFOLLOW)
        except OSError:
            return None  # removed a moment ago
        file = os.fdopen(handle, "rb")
        return file, os.fstat(handle).st_size

    def _make_room(self, size: int) -> None:
        """With the lock held: files are few, and removing one takes a moment."""
        oldest_at = self._clock.now() - 3600 * self._limits.hours
        self._remove([name for name, file in self._files.items() if file.at < oldest_at], "age")
        left, surplus = self._used, list[str]()
        for name, file in self._files.items():
            if left + size <= self._limits.max_bytes:
                break
            surplus.append(name)
            left -= file.size
        self._remove(surplus, "budget")

    def _remove(self, names: list[str], reason: str) -> None:
        for name in names:
            try:
                (self.folder / name).unlink(missing_ok=True)
            except OSError as error:
                _log.error("evidence %s cannot be removed (%s); remove it by hand", name, error.strerror)
                continue
            self._used -= self._files.pop(name).size
            _log.info("evidence removed: %s (%s)", name, reason)
        if names:
            self._observer.evidence_removed(reason, len(names))


def check_size(name: str, content: bytes, most: int) -> None:
    """Raises ClipUnwritable: it is larger than all files may be."""
    if len(content) > most:
        words = f"{name} has {len(content) >> 20} MiB, which is more than all evidence may take"
        raise ClipUnwritable(f"{words}; give it more room (evidence.max_mib) or shorten the clips")


def write(path: Path, content: bytes, now: float) -> None:
    """Whole or not at all, readable by this user alone. Raises ClipUnwritable."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_whole(path, content, mode=0o600)
        os.utime(path, (now, now))
    except OSError as error:
        raise unwritable(path, error) from None


def _regular(folder: Path) -> Iterator[os.DirEntry[str]]:
    """Regular files of a folder; links are none. Nothing where nothing is."""
    if not is_there(folder):
        return
    with os.scandir(folder) as entries:
        for entry in entries:
            if stat.S_ISREG(entry.stat(follow_symlinks=False).st_mode):
                yield entry
