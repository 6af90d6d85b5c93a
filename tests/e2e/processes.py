"""Real servers as processes: started when entered, ended by their id when left."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

HERE = Path(__file__).parent


class Server:
    """A process that prints a line starting with `ready` when it can be used."""

    def __init__(self, command: list[str]) -> None:
        self._command = command
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> list[str]:
        """Start it and wait for its `ready` line; returns the words after `ready`."""
        self._process = subprocess.Popen(self._command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith("ready"):
                return line.split()[1:]
        raise RuntimeError(f"{self._command[1]} ended with {self._process.wait()} before it was ready")

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def send(self, sign: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(sign)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            assert self._process.stdout is not None
            self._process.stdout.close()
            self._process = None


class GstCamera:
    """GStreamer's RTSP server playing one film at `url`, on the same port after every restart."""

    def __init__(self, film: Path, user: str | None = None, password: str = "") -> None:
        self._film, self._user, self._password = film, user, password
        self._port = "0"
        self._server: Server | None = None

    def start(self) -> None:
        command = [sys.executable, str(HERE / "gst_server.py"), f"live={self._film}", "--port", self._port]
        if self._user is not None:
            command += ["--user", self._user, "--password", self._password]
        self._server = Server(command)
        (self._port,) = self._server.start()

    def kill(self) -> None:
        if self._server is not None:
            self._server.kill()
            self._server = None

    @property
    def pid(self) -> int:
        assert self._server is not None
        return self._server.pid

    @property
    def url(self) -> str:
        return f"rtsp://127.0.0.1:{self._port}/live"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.kill()
