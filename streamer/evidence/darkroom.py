"""Has films and pictures made by a process of its own: no network and no event loop waits while pixels are copied."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from recognizers.clip import Picture
from streamer.errors import ClipUnwritable, NotKept
from streamer.evidence.drawing import Drawing
from streamer.evidence.parcels import of_drawing, of_privacy, of_seen, receive, send
from streamer.evidence.privacy import Privacy
from streamer.media.decoding import Coded

PATIENCE_S = 300.0
"""Longer than that no file is waited for: the process is ended, and the next file gets another one."""


class Darkroom:
    """See `streamer.evidence.developing.Developer`. The process begins when something is asked first."""

    def __init__(self, actor_model: Path | None = None, patience_s: float = PATIENCE_S) -> None:
        """`actor_model`: FastestDet, where people are to be hidden."""
        self._actor_model = actor_model
        self._is_old = False
        self._patience_s = patience_s
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._closed = False

    def find_people(self, actor_model: Path) -> None:
        """From the next file on, people who are to be hidden are found by this network."""
        with self._lock:
            self._is_old = self._is_old or actor_model != self._actor_model
            self._actor_model = actor_model

    def film(self, coded: Coded, privacy: Privacy, said: str) -> bytes:
        return self._made(coded, {"privacy": of_privacy(privacy), "said": said, "drawing": None})

    def snapshot(self, seen: Coded | Picture, privacy: Privacy, drawing: Drawing) -> bytes:
        return self._made(seen, {"privacy": of_privacy(privacy), "drawing": of_drawing(drawing)})

    def close(self) -> None:
        with self._lock:
            self._closed = True
            process = self._process
        if process is not None:
            process.kill()
            process.wait()

    def _made(self, seen: Coded | Picture, asked: dict[str, object]) -> bytes:
        process = self._running()
        told, payload = of_seen(seen)
        watchdog = threading.Timer(self._patience_s, process.kill)
        watchdog.start()
        try:
            answer = _answered(process, {**asked, "seen": told}, payload)
        except OSError:
            answer = None
        finally:
            watchdog.cancel()
        if answer is None:
            self._end(process)
            raise NotKept("the service ends") if self._closed else ClipUnwritable("the process that makes files ended")
        said, made = answer
        if said["problem"] is not None:
            raise ClipUnwritable(said["problem"])
        return made

    def _running(self) -> subprocess.Popen[bytes]:
        with self._lock:
            if self._closed:
                raise NotKept("the service ends")
            if self._is_old and self._process is not None:  # one thread asks: nothing is being made now
                self._process.kill()
                self._process.communicate()
                self._process = None
            self._is_old = False
            if self._process is None:
                model = [] if self._actor_model is None else [str(self._actor_model)]
                # Its own session: Ctrl-C in the terminal is for the service, which still has files to be made.
                self._process = subprocess.Popen(
                    [sys.executable, "-m", "streamer.evidence.develop", *model],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    start_new_session=True,
                )
            return self._process

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        process.kill()
        process.communicate()
        with self._lock:
            self._process = None


def _answered(
    process: subprocess.Popen[bytes], asked: dict[str, object], payload: bytes
) -> tuple[dict[str, Any], bytes] | None:
    """What it answers; None where it ended."""
    if process.stdin is None or process.stdout is None:
        return None
    send(process.stdin, asked, payload)
    return receive(process.stdout)
