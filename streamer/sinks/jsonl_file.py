"""Messages as lines of JSON in a file that rotates."""

from __future__ import annotations

import asyncio
import contextlib
import os
import stat
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from streamer.errors import SinkUnavailable
from streamer.sinks.batches import Batches
from streamer.sinks.jsonl import line
from streamer.wire import Message

AT_ONCE = 100
"""Lines that share an fsync."""


@dataclass(frozen=True, slots=True)
class Rotation:
    """When a file of lines makes way for a new one."""

    max_bytes: int = 64 << 20
    files: int = 5
    """Older ones that are kept, as `NAME.1` (the newest of them), `NAME.2` …"""


class LinesFile:
    """A file that grows by whole lines. Called by one thread; opened at the first write and after every failure."""

    def __init__(self, path: Path, rotation: Rotation) -> None:
        self._path = path
        self._rotation = rotation
        self._handle: int | None = None
        self._size = 0

    def append(self, lines: bytes) -> None:
        """Durable on return: fsync, and of the folder where the file is new. All of it is there or nothing.

        Raises:
            SinkUnavailable: the disk does not take it, or the path is no ordinary file.
        """
        try:
            handle = self._opened()
            if self._size and self._size + len(lines) > self._rotation.max_bytes:
                self._rotate()
                handle = self._opened()
            self._write(handle, lines)
        except OSError as error:
            self.close()
            raise SinkUnavailable(f"cannot write to {self._path}: {error.strerror}") from error

    def close(self) -> None:
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def _opened(self) -> int:
        """The open file, anew where somebody else has moved it away."""
        if self._handle is not None and _same(self._handle, self._path):
            return self._handle
        self.close()
        self._path.parent.mkdir(parents=True, exist_ok=True)
        # Not blocking: a pipe without a reader would hang us. Not following: a link may lead anywhere.
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
        handle = self._handle = os.open(self._path, flags, 0o640)
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            self.close()
            raise SinkUnavailable(f"{self._path} is no ordinary file; name another one")
        self._size = found.st_size
        if self._size and os.pread(handle, 1, self._size - 1) != b"\n":
            # The power failed in the middle of a line: it must not swallow the next one.
            self._size += os.write(handle, b"\n")
        _sync_folder(self._path.parent)
        return handle

    def _write(self, handle: int, lines: bytes) -> None:
        left = memoryview(lines)
        try:
            while left:
                left = left[os.write(handle, left) :]
            os.fsync(handle)
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(handle, self._size)
            raise
        self._size += len(lines)

    def _rotate(self) -> None:
        self.close()
        for number in range(self._rotation.files - 1, 0, -1):
            with contextlib.suppress(FileNotFoundError):
                self._older(number).rename(self._older(number + 1))
        self._path.rename(self._older(1))
        _sync_folder(self._path.parent)

    def _older(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{number}")


class JsonLinesFile:
    """Appends a line a message to a file; durable (fsync) when `put` returns. What comes together shares an fsync.

    A thread of its own writes, between entering and leaving. A message put twice is written twice.
    """

    def __init__(self, path: Path, rotation: Rotation) -> None:
        self._file = LinesFile(path, rotation)
        self._thread = ThreadPoolExecutor(1, "jsonl")
        self._batches = Batches(self._send, AT_ONCE)

    async def __aenter__(self) -> Self:
        await self._batches.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._batches.__aexit__()
        self._thread.submit(self._file.close)
        self._thread.shutdown()

    async def put(self, message: Message) -> None:
        """As `Sink.put`."""
        await self._batches.put(message)

    async def _send(self, messages: Sequence[Message]) -> None:
        lines = "".join(line(message) for message in messages).encode()
        await asyncio.get_running_loop().run_in_executor(self._thread, self._file.append, lines)


def _same(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.lstat())
    except FileNotFoundError:
        return False


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
