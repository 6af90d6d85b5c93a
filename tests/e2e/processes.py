"""Real servers as processes: started when entered, ended by their id when left."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
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


class GstServer:
    """GStreamer's RTSP server playing films by name, on the same port after every restart."""

    def __init__(
        self,
        films: Mapping[str, Path | Sequence[Path]],
        user: str | None = None,
        password: str = "",
        *,
        sound: bool = False,
    ) -> None:
        """Several films under one name are played one after the other; all are repeated for ever."""
        self._films = [
            f"{name}={'+'.join(map(str, [played] if isinstance(played, Path) else played))}"
            for name, played in films.items()
        ]
        self._more = ["--sound"] if sound else []
        self._more += [] if user is None else ["--user", user, "--password", password]
        self._port = "0"
        self._server: Server | None = None

    def start(self) -> None:
        script = str(HERE / "gst_server.py")
        self._server = Server([sys.executable, script, *self._films, "--port", self._port, *self._more])
        (self._port,) = self._server.start()

    def kill(self) -> None:
        if self._server is not None:
            self._server.kill()
            self._server = None

    @property
    def pid(self) -> int:
        assert self._server is not None
        return self._server.pid

    def address(self, name: str, login: str = "") -> str:
        """The URL of a film; `login` is `user:password`."""
        return f"rtsp://{login}{'@' if login else ''}127.0.0.1:{self._port}/{name}"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.kill()


class GstCamera(GstServer):
    """One film at `url`."""

    def __init__(self, film: Path, user: str | None = None, password: str = "") -> None:
        super().__init__({"live": film}, user, password)

    @property
    def url(self) -> str:
        return self.address("live")
