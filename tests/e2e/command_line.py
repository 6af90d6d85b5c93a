"""Mosquitto's own command-line client, as a person would use it."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

_FIELDS = ("%r", "%q", "%t", "%C", "%D", "%P", "%p")
_FORMAT = "\\t".join(_FIELDS)


@dataclass(frozen=True)
class Printed:
    """One message as it was printed."""

    retained: bool
    qos: int
    topic: str
    content_type: str
    correlation: str
    user: str
    payload: str


class Subscriber:
    """`mosquitto_sub` on everything, between entering and leaving; with MQTT 5 unless said otherwise."""

    def __init__(self, port: int, folder: Path, *more: str, version: str = "mqttv5") -> None:
        program = shutil.which("mosquitto_sub")
        assert program, "mosquitto_sub is missing: `make test` installs it"
        # As published: a live subscriber is otherwise not told that a message is retained.
        kept = ("--retain-as-published",) if version == "mqttv5" else ()
        where = (program, "-h", "127.0.0.1", "-p", str(port), "-V", version, "-q", "1")
        self._command = (*where, "-t", "#", "-F", _FORMAT, *kept, *more)
        self._file = folder / "printed.tsv"

    @property
    def printed(self) -> list[Printed]:
        """So far; a line that is being written is left for later."""
        lines = self._file.read_text().split("\n")[:-1]
        return [_parsed(line) for line in lines]

    def all(self) -> list[Printed]:
        """What it prints until it ends by itself (`-W`)."""
        text = subprocess.run(self._command, capture_output=True, text=True, timeout=30, check=False).stdout
        return [_parsed(line) for line in text.splitlines()]

    def __enter__(self) -> Self:
        with self._file.open("wb") as out:
            self._process = subprocess.Popen(self._command, stdout=out, stderr=subprocess.DEVNULL)
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._process.terminate()
        self._process.wait(10)


def _parsed(line: str) -> Printed:
    retained, qos, topic, content_type, correlation, user, payload = line.split("\t", len(_FIELDS) - 1)
    return Printed(retained == "1", int(qos), topic, content_type, correlation, user, payload)


def publish(port: int, topic: str, payload: str) -> None:
    """`mosquitto_pub`, with QoS 1: returns when the broker has it."""
    program = shutil.which("mosquitto_pub")
    assert program, "mosquitto_pub is missing: `make test` installs it"
    where = (program, "-h", "127.0.0.1", "-p", str(port), "-V", "mqttv5", "-q", "1")
    subprocess.run((*where, "-t", topic, "-m", payload), check=True, timeout=30)
