"""A real Mosquitto on a free port, that can be killed and comes back on the same one."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Self

SETTINGS = Path(__file__).parents[2] / "config/mosquitto/mosquitto.conf"


class Mosquitto:
    """Persistent as `config/mosquitto` recommends, or as other `settings` say. `lines` are added to them."""

    def __init__(self, folder: Path, *lines: str, settings: str | None = None) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        folder.mkdir(parents=True, exist_ok=True)
        if not any(line.startswith("allow_anonymous") for line in lines):
            lines = (*lines, "allow_anonymous true")
        if os.geteuid() == 0:
            lines = (*lines, "user root")
        own = (f"listener {self.port} 127.0.0.1", f"persistence_location {folder}/", *lines)
        self._config = folder / "mosquitto.conf"
        self._config.write_text("\n".join([*own, SETTINGS.read_text() if settings is None else settings]))

    def start(self) -> None:
        """Return when it takes connections."""
        program = shutil.which("mosquitto", path=f"{os.environ['PATH']}:/usr/sbin")
        assert program, "mosquitto is missing: `make test` installs it"
        log = (self._folder / "mosquitto.log").open("ab")
        self._process = subprocess.Popen([program, "-c", str(self._config)], stdout=log, stderr=log)
        log.close()
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            with socket.socket() as client:
                if client.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            assert self._process.poll() is None, (self._folder / "mosquitto.log").read_text()
            time.sleep(0.01)
        raise TimeoutError("mosquitto did not take connections")

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def log(self) -> str:
        """What it said; with the line `log_type all`, of each packet."""
        return (self._folder / "mosquitto.log").read_text()

    def kill(self) -> None:
        """As by kill -9."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.kill()
