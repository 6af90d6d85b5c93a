"""Machines of a Ray cluster, as processes of this one: begun, killed, frozen, thawed."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

ROOT = Path(__file__).parents[2]


class Machine:
    """One node: its raylet, and what that has begun."""

    def __init__(self, name: str, raylet: int, data_dir: Path) -> None:
        self.name, self.data_dir = name, data_dir
        self._raylet = psutil.Process(raylet)
        self._stopped: list[psutil.Process] = []

    def _processes(self) -> list[psutil.Process]:
        return [self._raylet, *self._raylet.children(recursive=True)]

    def kill(self) -> None:
        """As when the power goes."""
        processes = self._processes()
        for one in processes:
            one.suspend()  # so that nobody sees another one end
        for one in processes:
            one.kill()  # they are not ours to wait for

    def freeze(self) -> None:
        self._stopped = self._processes()
        for one in self._stopped:
            one.suspend()

    def thaw(self) -> None:
        for one in reversed(self._stopped):
            one.resume()


class Machines:
    """A cluster that lets in only those who have its token."""

    def __init__(self, *, token: bool = True) -> None:
        # Sockets have short paths.
        self._folder = tempfile.TemporaryDirectory(prefix="r", ignore_cleanup_errors=True)
        folder = self._folder.name
        access = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)} if token else {}
        self.environment = {"RAY_TMPDIR": folder, "RAY_USAGE_STATS_ENABLED": "0", **access}
        """Of whoever belongs to it."""
        self.address = ""
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
        script = [sys.executable, str(Path(__file__).with_name("ray_cluster.py")), self._folder.name]
        with Path(self._folder.name, "log").open("wb") as log:
            self._process = subprocess.Popen(
                script, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True,
                env=environment | self.environment | {"PYTHONPATH": str(ROOT)},
            )  # fmt: skip
        self.address = self._ready()
        return self

    def _ready(self) -> str:
        assert self._process is not None
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith("ready"):
                return line.split()[1]
        raise RuntimeError(Path(self._folder.name, "log").read_text())

    def add(self, name: str, data_dir: Path, cpus: int = 2) -> Machine:
        """Begin one, or one again."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"name": name, "cpus": cpus, "data_dir": str(data_dir)}) + "\n")
        self._process.stdin.flush()
        return Machine(name, int(self._ready()), data_dir)

    async def stored(self) -> int:
        """Bytes that a machine's object store was ever given, the most."""
        script = Path(__file__).with_name("ray_store.py")
        process = await asyncio.create_subprocess_exec(
            sys.executable, script, self.address, stdout=asyncio.subprocess.PIPE, env=os.environ | self.environment
        )
        told, _ = await asyncio.wait_for(process.communicate(), 60)
        return int(told)

    def logs(self) -> str:
        """What workers said."""
        return "".join(path.read_text() for path in Path(self._folder.name).glob("ray/session_2*/logs/worker-*.err"))

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        assert self._process is not None
        everybody = psutil.Process(self._process.pid).children(recursive=True)
        self._process.send_signal(signal.SIGKILL)
        self._process.communicate()
        for one in everybody:
            if one.is_running():
                one.kill()
        psutil.wait_procs(everybody, 10)
        self._folder.cleanup()
