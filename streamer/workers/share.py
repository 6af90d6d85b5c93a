"""A worker's part of the streams: what it holds, on the supervisor's word, and what it says of itself."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from streamer.clock import Clock
from streamer.errors import ConfigError, NotNow
from streamer.following import Following
from streamer.roster import NOT_NOW, Roster
from streamer.settings import Settings, load, with_stream
from streamer.workers.line import Line, Said
from streamer.workers.meter import CountingMetrics, Sample, report
from streamer.workers.pulse import BEAT_S
from streamer.workers.relay import Relay

_log = logging.getLogger(__name__)

REPORT_S = 5.0
"""Seconds from one report of what streams cost to the next."""


class Share:
    """Answers the supervisor. Lives on the event loop."""

    def __init__(
        self, config: Path, own: Callable[[Settings], Settings], metrics: CountingMetrics, clock: Clock,
        stop: asyncio.Event,
    ) -> None:  # fmt: skip
        """`own`: the settings of the file as they are in this worker; `stop` ends it."""
        self._config, self._own = config, own
        self._metrics, self._clock, self._stop = metrics, clock, stop
        self._following: Following | None = None
        self.roster: Roster | None = None
        self.relay: Relay | None = None
        self.cpus = 1.0
        """This slot's part of the machine."""

    async def run(self, line: Line, following: Following) -> None:
        """Beside the streams: say that all is well, and what they cost."""
        self._following = following
        before, told_s = self._sample(), self._clock.monotonic()
        while True:
            line.tell("beat", batch_s=following.batch_s(), waiting=self._metrics.delivery.waiting,
                      connected=self._metrics.broker_connected)  # fmt: skip
            await self._clock.sleep(BEAT_S)
            if self._clock.monotonic() - told_s >= REPORT_S:
                after, told_s = self._sample(), self._clock.monotonic()
                found = report(before, after, following.streams, self.cpus)
                line.tell("report", **asdict(found))
                before = after

    async def answer(self, said: Said) -> Said:
        """What is asked over the line."""
        match said["what"]:
            case "hold":
                await self._hold(said["streams"])
            case "level":
                self._ready().degrade(said["stream"], said["level"])
            case "stop" if self.roster is not None:
                await self.roster.stop(said["stream"])
            case "start" if self.roster is not None:
                await self.roster.start(said["stream"])
            case "metrics":
                return {"text": self._metrics.exposition().decode()}
            case "end":
                self._stop.set()
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

    async def _hold(self, streams: Mapping[str, Mapping[str, Any]]) -> None:
        """Watch these streams and no others: of each its term, its level, and its section where no file has it.

        Raises:
            ConfigError: one of them cannot be made; nothing has changed.
        """
        following, roster = self._ready(), self.roster
        if roster is None:
            raise NotNow(NOT_NOW)
        wanted = self._wanted(streams)
        coming = [stream for stream in streams if stream not in following.streams]
        if coming:
            await following.inherit(coming, max(streams[one]["term"] for one in coming))
        await roster.become(wanted)
        for stream in [one for one, how in streams.items() if how["stopped"] and not following.is_stopped(one)]:
            await roster.stop(stream)
        for stream, how in streams.items():
            following.degrade(stream, how["level"])

    def _wanted(self, streams: Mapping[str, Mapping[str, Any]]) -> Settings:
        file = load(self._config, os.environ)
        known = {one.id: one for one in file.streams}
        wanted = file.model_copy(update={"streams": tuple(known[one] for one in streams if one in known)})
        for stream, how in streams.items():
            if how.get("section") is not None:
                wanted = with_stream(wanted, how["section"], self._config.parent, os.environ)
            elif stream not in known:
                raise ConfigError([f"streams: {stream} is not in {self._config} any more"])
        return self._own(wanted)

    def _ready(self) -> Following:
        if self._following is None:
            raise NotNow(NOT_NOW)
        return self._following

    def _sample(self) -> Sample:
        counts = self._metrics.counts
        return Sample(
            self._clock.monotonic(),
            time.process_time(),
            Counter(self._metrics.pictures),
            Counter(counts.cut),
            counts.looked,
            counts.busy_s,
        )
