"""A worker's part of the streams: what it holds, on the supervisor's word, and what it says of itself."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from streamer.clock import Clock
from streamer.errors import NotNow
from streamer.following import Following
from streamer.front import Networks
from streamer.promotions import Promotions
from streamer.roster import NOT_NOW, Roster
from streamer.settings import Settings, settings_of
from streamer.workers.fence import Fence
from streamer.workers.line import Line, Said
from streamer.workers.meter import CountingMetrics, Meter
from streamer.workers.neighbours import Neighbours
from streamer.workers.own import own
from streamer.workers.pulse import BEAT_S
from streamer.workers.questions import Questions
from streamer.workers.relay import Relay

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Seat:
    """What a worker's process is begun with."""

    slot: str
    cpus: float
    """This slot's part of the machine."""
    data_dir: Path | None = None
    """This machine's folder; None: as the configuration says."""
    lease_s: float | None = None
    """How long it may speak without a word of the supervisor's; None: as long as the line lasts."""


class Share:
    """Answers the supervisor. Lives on the event loop."""

    def __init__(
        self, seat: Seat, metrics: CountingMetrics, clock: Clock, stop: asyncio.Event, fence: Fence | None = None
    ) -> None:
        self.slot, self.metrics, self.clock = seat.slot, metrics, clock
        self._data_dir, self.fence = seat.data_dir, fence
        self._meter = Meter(metrics, clock, seat.cpus)
        self.neighbours = Neighbours(fence)
        self.questions: Questions = {}
        """What else is answered; nothing before the worker serves."""
        self._files: dict[Path, str | None] = {}
        """What procedures said when streams were made of them last."""
        self._folder = Path()
        """The worker's own."""
        self._following: Following | None = None
        self.begun: asyncio.Future[Settings] = asyncio.get_running_loop().create_future()
        """The whole configuration, as the supervisor tells it first."""
        self.stop = stop
        self.roster: Roster | None = None
        self.relay: Relay | None = None
        self.left: Callable[[str], None] | None = None
        """Is told of a view that nobody looks at any more."""
        self.once: Callable[[str, Mapping[str, object]], None] | None = None
        """Retains a document at the broker; see `MqttSink.once`."""
        self._models: object = None

    async def run(self, line: Line, following: Following) -> None:
        """Beside the streams: say that all is well, and what they cost."""
        self._following = following
        while True:
            at = None if self.fence is None else self.fence.beat()
            line.tell("beat", at=at, batch_s=following.batch_s(), waiting=self.metrics.delivery.waiting,
                      connected=self.metrics.broker_connected)  # fmt: skip
            await self.clock.sleep(BEAT_S)
            if (found := self._meter.due(following.streams)) is not None:
                line.tell("report", **asdict(found))
            self._tell_models(line)

    async def answer(self, said: Said) -> Said:
        """What is asked over the line."""
        match said["what"]:
            case "begin":
                if not self.begun.done():
                    whole = self._here(said["settings"])
                    self.neighbours.slots = frozenset(said["slots"])
                    self._folder = own(whole, self.slot).data_dir
                    self._hear_of_all(said)
                    self.begun.set_result(whole)
            case "hold":
                self._hear_of_all(said)
                await self._hold(said["settings"], said["streams"], said["files"])
            case "level":
                self._ready().degrade(said["stream"], said["level"])
            case "stop" if self.roster is not None:
                await self.roster.stop(said["stream"])
            case "start" if self.roster is not None:
                await self.roster.start(said["stream"])
            case "metrics":
                return {"text": self.metrics.exposition().decode()}
            case "end":
                self.stop.set()
            case what if what in self.questions:
                return await self.questions[what](said)
            case _:
                raise NotNow(NOT_NOW)
        return {}

    def hear(self, said: Said) -> None:
        """What is told over the line."""
        if said["tell"] == "heard" and self.fence is not None:
            self.fence.heard(said["at"])
        elif said["tell"] == "speaks":
            self.neighbours.speaks = said["speaks"]
        elif said["tell"] == "left" and self.left is not None:
            self.left(said["view"])
        elif said["tell"] == "once" and self.once is not None:
            self.once(said["topic"], said["body"])
        elif said["tell"] == "acknowledge" and self.relay is not None:
            try:
                self.relay.acknowledge(said["stream"], said["watch"], json.dumps(said["body"]).encode())
            except (NotNow, ValueError) as error:
                _log.warning("stream %s: an acknowledgement is not taken: %s", said["stream"], error)

    def _hear_of_all(self, said: Said) -> None:
        """What is told of the whole service: its streams, and what was promoted."""
        self.neighbours.streams = frozenset(said["all"])
        self._folder.mkdir(parents=True, exist_ok=True)
        Promotions(self._folder).take(said["promoted"])

    async def _hold(
        self, settings: Mapping[str, Any], streams: Mapping[str, Mapping[str, Any]], files: Mapping[str, str | None]
    ) -> None:
        """Watch these streams and no others: `settings` has them alone; of each is told its term, its level, and
        whether it is stopped. `files`: what procedures say, in a few bytes each.

        Raises:
            ConfigError: one of them cannot be made; nothing has changed.
        """
        following, roster = self._ready(), self.roster
        if roster is None:
            raise NotNow(NOT_NOW)
        wanted = own(self._here(settings), self.slot)
        coming = [stream for stream in streams if stream not in following.streams]
        if coming:
            await following.inherit(coming, max(streams[one]["term"] for one in coming))
        now = {Path(file): digest for file, digest in files.items()}
        await roster.become(wanted, [file for file in now if self._files.get(file, now[file]) != now[file]])
        self._files = now
        for stream in [one for one, how in streams.items() if how["stopped"] and not following.is_stopped(one)]:
            await roster.stop(stream)
        for stream, how in streams.items():
            following.degrade(stream, how["level"])
        self._meter.begin()

    def _tell_models(self, line: Line) -> None:
        """Which networks look, when that are others than before."""
        roster = self.roster
        if roster is None:
            return
        sections = roster.settings.recognizers
        runs = {name: (model.id, sections.get(name)) for name, model in roster.models().items()}
        if runs != self._models and runs.keys() <= sections.keys():  # else a change is being made
            self._models = runs
            line.tell("models", models=[asdict(view) for view in Networks(roster).views()])

    def _here(self, said: Mapping[str, Any]) -> Settings:
        """The settings as they are on this machine."""
        settings = settings_of(said)
        return settings if self._data_dir is None else settings.model_copy(update={"data_dir": self._data_dir})

    def _ready(self) -> Following:
        if self._following is None:
            raise NotNow(NOT_NOW)
        return self._following
