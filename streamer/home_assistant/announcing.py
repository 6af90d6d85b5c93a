"""Tells Home Assistant which devices there are, again when it starts, and which are no more."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Protocol

from recognizers.files import write_whole
from streamer.home_assistant.components import Topics
from streamer.home_assistant.device import Device, device
from streamer.sinks.base import Heard, Inbound, Unlisten
from streamer.sinks.station import Station

_log = logging.getLogger(__name__)

FILE = "home_assistant.json"
BIRTH = b"online"
MOST_GONE = 200
"""Components of a device, and devices, that are remembered after they are gone; the oldest are forgotten."""


class Broker(Protocol):
    """The part of the MQTT sink that is needed."""

    def retain(self, topic: str, payload: str, kept: Callable[[], None] | None = None) -> None: ...

    def listen(self, topics: str, heard: Heard, *, below_prefix: bool = False) -> Unlisten: ...

    def give(self, topics: Iterable[str]) -> None: ...


def nobody(_: str) -> bool:
    """Nobody else announces a stream."""
    return False


class Announcer:
    """One retained message for each watch, on `<prefix>/device/<id>/config`.

    A file in the data folder remembers what was announced, before it is. What is not there any more is taken away by an
    empty message, or within a device by a component that says its platform alone; what somebody else announces by now
    is left to them. Nothing here waits; that the file cannot be written is logged.
    """

    def __init__(
        self,
        broker: Broker,
        folder: Path,
        prefix: str,
        topics: Topics,
        version: str,
        elsewhere: Callable[[str], bool] = nobody,
    ) -> None:
        """`folder`: the service's data folder; `prefix`: where Home Assistant looks for devices; `elsewhere`: whether
        somebody else has a stream."""
        self._elsewhere = elsewhere
        self._streams: dict[str, str] = {}
        """Of each topic of ours."""
        self._broker, self._file = broker, folder / FILE
        self._prefix, self._topics, self._version = prefix, topics, version
        self._told: dict[str, str] = {}
        self._known = self._read()
        broker.listen(f"{prefix}/status", self._heard)

    @classmethod
    def knows(cls, folder: Path) -> bool:
        """Whether anything was announced from this data folder."""
        return (folder / FILE).exists()

    def announce(self, stations: Sequence[Station]) -> None:
        """These are all there are."""
        devices = [device(station, self._topics, self._version) for station in stations]
        known, streams = self._known, self._streams
        self._streams = {f"{self._prefix}/{one.topic}": of.stream for one, of in zip(devices, stations, strict=True)}
        left = {topic: of for topic, of in streams.items() if of not in self._streams.values()}
        given = [topic for topic, of in left.items() if self._elsewhere(of)]
        if given:
            self._broker.give(given)
        known = {topic: parts for topic, parts in known.items() if topic not in given}
        self._known = {f"{self._prefix}/{one.topic}": self._with_gone(one, known) for one in devices}
        gone = [topic for topic in known if topic not in self._known][-MOST_GONE:]
        self._told = {}
        for topic in gone:
            self._known[topic] = known[topic]
        self._write()
        for one in devices:
            topic = f"{self._prefix}/{one.topic}"
            parts = {key: platform for key, platform in self._known[topic].items() if key not in one.platforms}
            self._told[topic] = json.dumps(one.without(parts), separators=(",", ":"))
            self._broker.retain(topic, self._told[topic])
        for topic in gone:
            self._broker.retain(topic, "", partial(self._forget, topic))

    def _with_gone(self, one: Device, known: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
        topic = f"{self._prefix}/{one.topic}"
        gone = {key: platform for key, platform in known.get(topic, {}).items() if key not in one.platforms}
        return {**dict([*gone.items()][-MOST_GONE:]), **one.platforms}

    def _heard(self, message: Inbound) -> None:
        """Home Assistant has started; what it is told at that moment it may not have kept."""
        if message.payload == BIRTH and not message.retained:
            _log.info("Home Assistant started: devices are announced again")
            for topic, payload in self._told.items():
                self._broker.retain(topic, payload)

    def _forget(self, topic: str) -> None:
        if topic not in self._told and self._known.pop(topic, None) is not None:
            self._write()

    def _read(self) -> dict[str, dict[str, str]]:
        """What was announced, by topic: the platform of each component."""
        try:
            known = json.loads(self._file.read_bytes())
            return {str(topic): {str(key): str(p) for key, p in parts.items()} for topic, parts in known.items()}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, AttributeError) as error:
            _log.error("what was announced to Home Assistant is not known, %s cannot be read: %s", self._file, error)
            return {}

    def _write(self) -> None:
        try:
            write_whole(self._file, json.dumps(self._known, indent=1).encode())
        except OSError as error:
            _log.error("devices may stay in Home Assistant when they are gone: %s: %s", self._file, error.strerror)
