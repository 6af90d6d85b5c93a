"""A TURN server (Debian's coturn) on loopback."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from tests.ports import free_port


class Coturn:
    """Started with the block, ended with it."""

    user, password = "takt", "C4N4RY-turn"

    def __init__(self, folder: Path) -> None:
        if shutil.which("turnserver") is None:
            pytest.skip("coturn is not installed (scripts/install-servers)")
        self.port, self._log = free_port(socket.SOCK_DGRAM), folder / "coturn.log"
        self._command = [
            "turnserver", "-n", "--listening-ip=127.0.0.1", "--relay-ip=127.0.0.1", f"--listening-port={self.port}",
            "--no-tcp", "--no-tls", "--no-dtls", "--no-cli", "--lt-cred-mech", f"--user={self.user}:{self.password}",
            "--realm=takt", "--allow-loopback-peers", "--min-port=49200", "--max-port=49300", "--log-file=stdout",
            f"--userdb={folder / 'coturn.db'}", f"--pidfile={folder / 'coturn.pid'}",
        ]  # fmt: skip

    @property
    def url(self) -> str:
        return f"turn:127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        return self._log.read_text()

    def __enter__(self) -> Self:
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log)
        try:
            until = time.monotonic() + 20
            while not (self._answers() and "Relay ports initialization done" in self.log):
                assert time.monotonic() < until, self.log
        except BaseException:
            self.__exit__()
            raise
        return self

    def _answers(self) -> bool:
        """To a STUN binding request (RFC 8489 6); its log says what it listens to before it does."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            asking.settimeout(0.1)
            asking.connect(("127.0.0.1", self.port))
            try:
                asking.send(b"\0\1\0\0\x21\x12\xa4\x42" + bytes(12))
                return asking.recv(100).startswith(b"\1\1")
            except ConnectionRefusedError:
                time.sleep(0.05)  # an answer at once: nobody listens yet
            except TimeoutError:
                pass
        return False

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._process.terminate()
        self._process.wait(10)
