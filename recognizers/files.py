"""Files of people: read where they are regular ones, written whole or not at all."""

from __future__ import annotations

import errno
import os
import secrets
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from io import BufferedReader
from pathlib import Path
from typing import IO


@contextmanager
def written(path: Path, mode: int = 0o666) -> Iterator[IO[bytes]]:
    """A file that takes `path`'s place when the block ends well, once it is on the disk. Whoever looks sees the old
    file or the new one, also after a power cut; a block that fails leaves the old one and nothing else.

    A link stays, and the regular file that it leads to is replaced. What is no regular file (a device, a pipe, a
    folder) never is. `mode`: who may do what with it, less what this process's umask forbids.

    Raises:
        OSError: the disk does not take it, or something else than a regular file is there.
    """
    target = place_of(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    # A name of its own: of two that write at once, none touches the other's.
    part = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        with open(part, "xb", opener=partial(os.open, mode=mode)) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
        _sync(target.parent)
    except BaseException:
        with suppress(OSError):
            part.unlink()
        raise


def write_whole(path: Path, content: bytes | memoryview, mode: int = 0o666) -> None:
    """All of a file at once; see `written`."""
    with written(path, mode) as file:
        file.write(content)


def place_of(path: Path) -> Path:
    """Where a file is written that is to be at `path`: there, or where a link leads.

    Raises:
        OSError: what is there is no regular file.
    """
    target = Path(os.path.realpath(path))
    try:
        mode = target.stat().st_mode
    except FileNotFoundError:
        return target
    _check_regular(path, mode)
    return target


def opened(path: Path) -> BufferedReader:
    """A regular file, to read it. Others may never end, or be waited for without end (`/dev/zero`, a pipe).

    Raises:
        OSError: it is not there, cannot be read, or is something else.
    """
    _check_regular(path, path.stat().st_mode)
    return path.open("rb")


def is_file(path: Path) -> bool:
    """Whether a regular file is there; nothing is where a name cannot be one."""
    return _is(path, stat.S_ISREG)


def is_there(path: Path) -> bool:
    """Whether anything is."""
    return _is(path, bool)


def is_folder(path: Path) -> bool:
    """Likewise."""
    return _is(path, stat.S_ISDIR)


def _is(path: Path, is_so: Callable[[int], bool]) -> bool:
    try:
        return is_so(path.stat().st_mode)
    except (OSError, ValueError):  # too long for a name, not ours to look at; NUL in it
        return False


def _sync(folder: Path) -> None:
    """A name is on the disk only once its folder is."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _check_regular(path: Path, mode: int) -> None:
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "it is a device, a pipe or a socket, no file", str(path))
