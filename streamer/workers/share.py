"""A worker's part of the streams: what it holds, on the supervisor's word, and what it says of itself."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from streamer.clock import Clock
from streamer.errors import NotNow
from streamer.following import Following
from streamer.roster import NOT_NOW, Roster
from streamer.settings import Settings, settings_of
from streamer.workers.line import Line, Said
from streamer.workers.meter import CountingMetrics, Meter
from streamer.workers.pulse import BEAT_S
from streamer.workers.relay import Relay

_log = logging.getLogger(__name__)


def own(settings: Settings, slot: str) -> Settings:
    """The settings as they are in a worker: a folder and a name at the broker of its own."""
    mqtt = settings.mqtt
    if mqtt is not None:
        name = mqtt.client_id or f"takt-{socket.gethostname()}"
        mqtt = mqtt.model_copy(update={"client_id": f"{name}-{slot}"})
    return settings.model_copy(update={"mqtt": mqtt, "data_dir": settings.data_dir / "workers" / slot})


def without_streams(settings: Settings) -> Settings:
    return settings.model_copy(update={"streams": ()})


class Share:
    """Answers the supervisor. Lives on the event loop."""

    def __init__(self, slot: str, metrics: CountingMetrics, clock: Clock, cpus: float) -> None:
        """`cpus`: this slot's part of the machine."""
        self._slot, self._metrics, self._clock = slot, metrics, clock
        self._meter = Meter(metrics, clock, cpus)
        self._following: Following | None = None
        self.begun: asyncio.Future[Settings] = asyncio.get_running_loop().create_future()
        """The whole configuration, as the supervisor tells it first."""
        self.stop = asyncio.Event()
        self.roster: Roster | None = None
        self.relay: Relay | None = None

    async def run(self, line: Line, following: Following) -> None:
        """Beside the streams: say that all is well, and what they cost."""
        self._following = following
        while True:
            line.tell("beat", batch_s=following.batch_s(), waiting=self._metrics.delivery.waiting,
                      connected=self._metrics.broker_connected)  # fmt: skip
            await self._clock.sleep(BEAT_S)
            if (found := self._meter.due(following.streams)) is not None:
                line.tell("report", **asdict(found))

    async def answer(self, said: Said) -> Said:
        """What is asked over the line."""
        match said["what"]:
            case "begin":
                if not self.begun.done():
                    self.begun.set_result(settings_of(said["settings"]))
            case "hold":
                await self._hold(said["settings"], said["streams"])
            case "level":
                self._ready().degrade(said["stream"], said["level"])
            case "stop" if self.roster is not None:
                await self.roster.stop(said["stream"])
            case "start" if self.roster is not None:
                await self.roster.start(said["stream"])
            case "metrics":
                return {"text": self._metrics.exposition().decode()}
            case "end":
                self.stop.set()
            case _:
                raise NotNow(NOT_NOW)
        return {}

    def hear(self, said: Said) -> None:
        """What is told over the line."""
        if said["tell"] == "acknowledge" and self.relay is not None:
            try:
                self.relay.acknowledge(said["stream"], said["watch"], json.dumps(said["body"]).encode())
            except (NotNow, ValueError) as error:
                _log.warning("stream %s: an acknowledgement is not taken: %s", said["stream"], error)

    async def _hold(self, settings: Mapping[str, Any], streams: Mapping[str, Mapping[str, Any]]) -> None:
        """Watch these streams and no others: `settings` has them alone; of each is told its term, its level, and
        whether it is stopped.

        Raises:
            ConfigError: one of them cannot be made; nothing has changed.
        """
        following, roster = self._ready(), self.roster
        if roster is None:
            raise NotNow(NOT_NOW)
        # No configuration is without a stream, but a worker may be.
        wanted = own(settings_of(settings), self._slot) if streams else without_streams(roster.settings)
        coming = [stream for stream in streams if stream not in following.streams]
        if coming:
            await following.inherit(coming, max(streams[one]["term"] for one in coming))
        await roster.become(wanted)
        for stream in [one for one, how in streams.items() if how["stopped"] and not following.is_stopped(one)]:
            await roster.stop(stream)
        for stream, how in streams.items():
            following.degrade(stream, how["level"])
        self._meter.begin()

    def _ready(self) -> Following:
        if self._following is None:
            raise NotNow(NOT_NOW)
        return self._following
