"""A worker as a Ray actor: what runs on the other machine. Ray calls its methods in two threads of its process."""

from __future__ import annotations

import asyncio
import logging
import os
import platform
import select
import socket
import sys
import threading
from importlib.metadata import version
from pathlib import Path

from streamer.cluster.bridge import CHUNK
from streamer.errors import TaktError

_log = logging.getLogger(__name__)

PULL_S = 5.0
"""A question for more bytes is answered within this time."""
DATA_DIR = "TAKT_NODE_DATA_DIR"
"""The variable of a machine that says where its outboxes are."""


def versions() -> dict[str, str]:
    """Of what runs on this machine."""
    return {"taktstream": version("taktstream"), "python": platform.python_version()}


class SeatActor:
    """One process of a slot. Nothing secret is in what it is made with: Ray keeps that."""

    def __init__(self, slot: str, cpus: float, lease_s: float) -> None:
        self._end, theirs = socket.socketpair()
        folder = os.environ.get(DATA_DIR)
        who = (slot, cpus, None if folder is None else Path(folder), lease_s)
        self._thread = threading.Thread(target=_work, args=(theirs, *who), name="worker", daemon=True)
        self._thread.start()

    def push(self, data: bytes) -> None:
        """What the supervisor says; none: it says no more."""
        give(self._end, data)

    def pull(self) -> bytes | None:
        """What the worker says; empty: nothing for a while; None: it has ended."""
        said = take(self._end, PULL_S)
        if said is None:
            self._thread.join(PULL_S)
        return said


def give(end: socket.socket, data: bytes) -> None:
    """However long whoever is to read it is busy: one that begins reads nothing for many seconds."""
    if data:
        end.sendall(data)
    else:
        end.shutdown(socket.SHUT_WR)


def take(end: socket.socket, patience_s: float) -> bytes | None:
    """Empty: nothing in this time; None: nothing more. A time-out of the socket would count for `give` too."""
    try:
        waiting = select.poll()
        waiting.register(end, select.POLLIN)
        return (end.recv(CHUNK) or None) if waiting.poll(1000 * patience_s) else b""
    except (OSError, ValueError):  # closed
        return None


def _work(end: socket.socket, slot: str, cpus: float, data_dir: Path | None, lease_s: float) -> None:
    # Only now, and in this thread: whoever begins a worker need not wait for what it imports.
    from streamer.workers.process import work  # noqa: PLC0415
    from streamer.workers.share import Seat  # noqa: PLC0415

    try:
        asyncio.run(work(end, Seat(slot, cpus, data_dir, lease_s)))
    except* TaktError as errors:
        sys.stderr.write("".join(f"worker {slot}: {error}\n" for error in errors.exceptions))
    except* Exception:
        _log.exception("worker %s ended by a bug", slot)
    finally:
        end.close()
