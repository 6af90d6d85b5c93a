"""Sees every file that appears in a folder, also one that is there for a moment only."""

from __future__ import annotations

import ctypes
import os
import select
import struct
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Self

_CREATED_OR_MOVED_HERE = 0x100 | 0x80
_HEAD = struct.Struct("iIII")


class Witness:
    """Links every file that appears in some folders into another one, whatever becomes of it there."""

    def __init__(self, stash: Path, *folders: Path) -> None:
        self.stash, self._folders = stash, folders
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._inotify, self._places = -1, dict[int, Path]()

    def __enter__(self) -> Self:
        self.stash.mkdir()
        self._inotify = self._libc.inotify_init1(os.O_NONBLOCK)
        assert self._inotify >= 0
        for folder in self._folders:
            folder.mkdir(parents=True, exist_ok=True)
            watched_as = self._libc.inotify_add_watch(self._inotify, bytes(folder), _CREATED_OR_MOVED_HERE)
            assert watched_as >= 0
            self._places[watched_as] = folder
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        os.close(self._inotify)

    def _look(self) -> None:
        while not self._ended.is_set():
            if not select.select([self._inotify], [], [], 0.1)[0]:
                continue
            told = os.read(self._inotify, 1 << 16)
            while told:
                place, _, _, length = _HEAD.unpack_from(told)
                name = told[_HEAD.size : _HEAD.size + length].rstrip(b"\0").decode()
                told = told[_HEAD.size + length :]
                with suppress(OSError):
                    os.link(self._places[place] / name, self.stash / f"{time.monotonic_ns()}-{name.lstrip('.')}")
