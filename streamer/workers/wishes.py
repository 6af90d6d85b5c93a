"""Which streams there are while several workers run: those of the file, read again when it changes, and added ones."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from streamer.audience import Onlookers
from streamer.clock import Clock
from streamer.errors import ConfigError, Exists, TaktError
from streamer.front import address_of
from streamer.logs import also_hide
from streamer.outbox.adoption import newest_term
from streamer.placement import Placement
from streamer.promotions import Promotions
from streamer.rereading import Digests, Rereading, check_readable, digests
from streamer.settings import (
    Changes,
    KeptStreams,
    Running,
    Settings,
    Stream,
    compare,
    load,
    merged,
    plain,
    procedures_of,
    secrets,
    with_secrets,
    with_stream,
)
from streamer.views import Origin, StreamView, WatchView
from streamer.workers.spreading import Spreading
from streamer.workers.terms import Terms

_log = logging.getLogger(__name__)

LOOK_S = 1.0
"""Seconds from one look at the file to the next."""


class Wishes:
    """See `streamer.web.api.parts.Roster`. Lives on the event loop."""

    def __init__(self, settings: Settings, config: Path, onlookers: Onlookers, workers: int, clock: Clock) -> None:
        self._settings = self._of_file = settings
        self._config, self._onlookers, self._workers, self._clock = config, onlookers, workers, clock
        self.address = ""
        """At which the service is asked, as addresses of pictures begin where nothing else is configured."""
        self.terms = Terms(settings.data_dir / "workers" / "term")
        # Also above those of a time with one worker, which gives terms itself.
        first = max(self.terms.first(clock.now()), newest_term(settings.outbox_folder.parent) + 1)
        self.spreading = Spreading(Placement(first), clock, self.share)
        self._kept = KeptStreams(settings.data_dir)
        self._added: dict[str, Mapping[str, Any]] = {}
        self._turn = asyncio.Lock()
        self._rereading = Rereading(digests(self._files(settings)))

    @property
    def settings(self) -> Settings:
        """What is to run, with secrets: not to be shown."""
        return self._settings

    @property
    def files(self) -> Digests:
        """What the file and its procedures said when they were loaded."""
        return self._rereading.loaded

    def share(self, streams: Collection[str]) -> Mapping[str, Any]:
        """What a worker is told: the configuration with these streams alone and with secrets, what procedures say, what
        was promoted, and the ids of all streams."""
        settings = self._settings
        evidence = settings.evidence.model_copy(update={"url": settings.evidence.url or self.address or None})
        hard = settings.hard_examples  # so many of a recognizer, in however many workers it looks
        hard = hard.model_copy(update={"per_hour": max(1, hard.per_hour // self._workers)})
        mine = tuple(one for one in settings.streams if one.id in streams)
        told = settings.model_copy(update={"streams": mine, "evidence": evidence, "hard_examples": hard})
        return {
            "settings": plain(told),
            "files": {str(file): self.files.get(file) for file in procedures_of(settings)},
            "promoted": Promotions(settings.data_dir).said,
            "all": [one.id for one in settings.streams],
        }

    def begin(self) -> None:
        """Wish for what the file says and what was to be kept."""
        for stream in self._settings.streams:
            self._want(stream)
        try:
            sections = self._kept.read()
        except ConfigError as error:
            _log.error("streams that were kept are not watched: %s", error)
            return
        for name, section in sections.items():
            try:
                self._check_new(name)
                self._go_over_to(self._with(section), name, section)
            except (ConfigError, Exists) as error:
                _log.error("stream %s of %s is not watched: %s", name, self._kept.file, error)

    async def run(self, again: asyncio.Event) -> None:
        """Look at the files for as long as the task lives; `again`: somebody asks that they are read."""
        while True:
            await self._clock.sleep(LOOK_S)
            due = self._rereading.is_due(digests(self._files(self._of_file)))
            if due or again.is_set():
                again.clear()
                try:
                    await self.reload()
                except ConfigError as error:
                    for problem in error.problems:
                        _log.error("the changed configuration is not taken, what runs goes on: %s", problem)
                except Exception:
                    _log.exception("the changed configuration is not taken, by a bug; what runs goes on")

    async def add(self, section: Mapping[str, Any], persist: bool = False) -> StreamView:
        """As `Roster.add`; raises NotNow where no worker has room."""
        async with self._turn:
            name = str(section.get("id"))
            self._check_new(name)
            before = self._settings
            self._go_over_to(self._with(section), name, section)
            try:
                await self.spreading.taken(name)
            except TaktError:
                self._settings = before
                self._drop(name)
                raise
            if persist:
                self._kept.keep(name, section)
            return self._onlookers.register.view(name)

    async def change(self, stream: str, section: Mapping[str, Any], persist: bool = False) -> StreamView:
        """As `Roster.change`."""
        async with self._turn:
            self._known(stream)
            self._check_may_keep(stream, persist)
            if section.get("id", stream) != stream:
                raise ConfigError([f"id: must be {stream}, as in the address; add another stream under another id"])
            given = with_secrets(self._settings, {"id": stream, **section})
            before, old = self._settings, self._added.get(stream)
            self._go_over_to(self._with(given), stream, None if old is None else given)
            try:
                await self.spreading.taken(stream)
            except TaktError:
                self._go_over_to(before, stream, old)
                raise
            if persist:
                self._kept.keep(stream, given)
            return self._onlookers.register.view(stream)

    async def remove(self, stream: str, persist: bool = False) -> None:
        """As `Roster.remove`."""
        async with self._turn:
            self._known(stream)
            self._check_may_keep(stream, persist)
            left = tuple(one for one in self._settings.streams if one.id != stream)
            self._settings = self._settings.model_copy(update={"streams": left})
            self._drop(stream)
            if persist:
                self._kept.keep(stream, None)

    async def start(self, stream: str) -> StreamView:
        return await self._stop(stream, stopped=False)

    async def stop(self, stream: str) -> StreamView:
        return await self._stop(stream, stopped=True)

    async def reload(self) -> Changes:
        """As `Roster.reload`."""
        async with self._turn:
            now = digests(self._files(self._of_file))
            renewed = self._rereading.renewed(now)
            self._rereading.took(now)
            check_readable(self._config)
            said = load(self._config, os.environ)
            before = Running(self._of_file, self._settings, self._added)
            whole = merged(said, before, self._config.parent, os.environ)
            changes, later = compare(self._settings, whole, renewed), compare(self._settings, said).later
            also_hide(secrets(whole))
            self._settings, self._of_file = whole, said
            self._rereading.took({file: now.get(file, digest) for file, digest in digests(self._files(said)).items()})
            for name in changes.removed:
                self._drop(name)
            for stream in whole.streams:
                if stream.id in (*changes.added, *changes.changed):
                    self._want(stream)
            for name in later:
                _log.warning("%s: what is different there takes effect at the next start", name)
            return replace(changes, later=later)

    async def _stop(self, stream: str, stopped: bool) -> StreamView:
        self._known(stream)
        await self.spreading.stop(stream, stopped)
        return self._onlookers.register.view(stream)

    # Small steps

    def _files(self, settings: Settings) -> list[Path]:
        return [self._config, *procedures_of(settings)]

    def _with(self, section: Mapping[str, Any]) -> Settings:
        return with_stream(self._settings, section, self._config.parent, os.environ)

    def _go_over_to(self, settings: Settings, name: str, section: Mapping[str, Any] | None) -> None:
        """`section`: of a stream that the file does not have."""
        also_hide(secrets(settings))
        self._settings = settings
        if section is not None:
            self._added[name] = section
        self._want(next(one for one in settings.streams if one.id == name))

    def _want(self, stream: Stream) -> None:
        section = self._added.get(stream.id)
        self._onlookers.came(view_of(stream, "file" if section is None else "api"))
        self.spreading.want(stream.id, stream.priority)

    def _drop(self, stream: str) -> None:
        self._added.pop(stream, None)
        self.spreading.forget(stream)
        self._onlookers.went(stream)

    def _known(self, stream: str) -> None:
        if stream not in {one.id for one in self._settings.streams}:
            raise KeyError(stream)

    def _check_may_keep(self, stream: str, persist: bool) -> None:
        if persist and stream not in self._added:
            raise ConfigError([f"{stream} is a stream of the configuration file: change it there to keep that"])

    def _check_new(self, stream: str) -> None:
        if stream in {one.id for one in (*self._of_file.streams, *self._settings.streams)}:
            raise Exists(f"id: there is a stream {stream} already; ids are unique")


def view_of(stream: Stream, origin: Origin = "file") -> StreamView:
    """A stream before its worker says anything of it."""
    watches = tuple(WatchView(one.id, one.recognizer, (), one.region) for one in stream.watches)
    return StreamView(stream.id, stream.source.kind, address_of(stream.source), watches, origin)
