"""Which streams there are while the service runs: those of the file, which may change, and those that are added."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from streamer.build import Making
from streamer.clock import Clock
from streamer.engine import step_back
from streamer.errors import ConfigError, Exists, NotNow
from streamer.following import Following
from streamer.logs import also_hide
from streamer.model import Model
from streamer.plan import StreamPlan
from streamer.preparing import Prepared, prepare
from streamer.rereading import Rereading, Written, check_readable, digests
from streamer.settings import (
    Changes,
    KeptStreams,
    Running,
    Settings,
    compare,
    load,
    merged,
    procedures_of,
    secrets,
    with_secrets,
    with_stream,
)
from streamer.stages import Watch
from streamer.views import StreamView

_log = logging.getLogger(__name__)
T = TypeVar("T")

NICENESS = 5
"""Of the thread that loads. Beside a thread like any other on the same core it gets about a quarter of the time:
networks go first, and somebody waits for the answer."""
LOOK_S = 1.0
"""Seconds from one look at the file to the next."""
NOT_NOW = "the service does not run yet, or ends now; try again when it is ready"
Make = Callable[[Settings, Collection[str]], Making]
"""Of settings and of the streams that the file does not have; see `streamer.build.making_of`."""


Publish = Callable[[Settings, Sequence[StreamPlan]], Awaitable[None]]
"""Is told which streams are watched, so that those of WebRTC can be published to."""


async def nobody(_: Settings, __: Sequence[StreamPlan]) -> None:
    """Nothing can be published to."""


class Roster:
    """Lives on the event loop; what takes a while is done in a thread of its own, one change after the other.

    What is changed here in a stream of the file holds until the file says something else of it, or until the next
    start. What is added goes with the service, unless it is to be kept: then it stands in `streams.yaml`, in the data
    folder.
    """

    def __init__(
        self,
        settings: Settings,
        written: Written | None,
        clock: Clock,
        making: Make,
        view: Callable[[str], StreamView],
        publish: Publish = nobody,
    ) -> None:
        """`written`: the file that the settings are of; None: there is none. `view`: what is told of a stream."""
        self._settings = self._of_file = settings
        self._written, self._clock, self._making, self._publish = written, clock, making, publish
        self._view = view
        self._environment: Mapping[str, str] = {} if written is None else written.environment
        self._beside = Path() if written is None else written.file.parent
        self._added: dict[str, Mapping[str, Any]] = {}
        """Sections of streams that the file does not have, as they were given."""
        self._kept = KeptStreams(settings.data_dir)
        self._following: Following | None = None
        self._thread = ThreadPoolExecutor(1, "roster", step_back, (NICENESS,))
        self._group = asyncio.TaskGroup()
        self._turn = asyncio.Lock()
        self._told_gone = False
        self._rereading = Rereading(digests(self._files(settings)))

    @property
    def settings(self) -> Settings:
        """What runs, with secrets: not to be shown."""
        return self._settings

    def remember(self) -> Settings:
        """Before the service starts: add what was to be kept. What cannot be is told, stays in its file, and does not
        hold up the others."""
        try:
            sections = self._kept.read()
        except ConfigError as error:
            _log.error("streams that were kept are not watched: %s", error)
            return self._settings
        for name, section in sections.items():
            try:
                self._check_new(name)
                self._settings = with_stream(self._settings, section, self._beside, self._environment)
            except (ConfigError, Exists) as error:
                _log.error("stream %s of %s is not watched: %s", name, self._kept.file, error)
            else:
                self._added[name] = section
        return self._settings

    async def run(self, following: Following) -> None:
        """Look at the file, and do what is asked, for as long as the task lives."""
        self._following = following
        try:
            async with self._group:
                await (asyncio.Event().wait() if self._written is None else self._look_again(self._written))
        finally:
            self._following = None
            self._thread.shutdown(wait=False, cancel_futures=True)

    @property
    def added(self) -> Collection[str]:
        """Streams that the file does not have."""
        return self._added.keys()

    def models(self) -> Mapping[str, Model]:
        """What is live, by recognizer."""
        return {} if self._following is None else self._following.models

    def watches(self) -> list[tuple[str, Sequence[Watch]]]:
        """By stream, with the networks that look now."""
        following = self._following
        if following is None:
            return []
        return [(stream, tuple(following.stages(stream).watches.values())) for stream in following.streams]

    async def add(self, section: Mapping[str, Any], persist: bool = False) -> StreamView:
        """Watch another stream: a section as in the file.

        Raises:
            Exists: there is one of that id.
            ConfigError: every mistake, in the words of `takt check`; it cannot be loaded or kept.
            NotNow: the service begins, or ends.
        """

        async def do() -> StreamView:
            name = str(section.get("id"))
            self._check_new(name)
            wanted = partial(with_stream, self._settings, section, self._beside, self._environment)
            await self._go_over_to(wanted, added={*self._added, name})
            self._added[name] = section
            if persist:
                await self._aside(lambda: self._kept.keep(name, section))
            return self._view(name)

        return await self._in_turn(do)

    async def change(self, stream: str, section: Mapping[str, Any], persist: bool = False) -> StreamView:
        """Watch it in another way from now on; everything else goes on. Raises as `add`, and KeyError."""

        async def do() -> StreamView:
            self._known(stream)
            self._check_may_keep(stream, persist)
            if section.get("id", stream) != stream:
                raise ConfigError([f"id: must be {stream}, as in the address; add another stream under another id"])
            given = with_secrets(self._settings, {"id": stream, **section})
            await self._go_over_to(partial(with_stream, self._settings, given, self._beside, self._environment))
            if stream in self._added:
                self._added[stream] = given
            if persist:
                await self._aside(lambda: self._kept.keep(stream, given))
            return self._view(stream)

        return await self._in_turn(do)

    async def remove(self, stream: str, persist: bool = False) -> None:
        """Watch it no more. With `persist`, it is not kept any longer either. Raises as `change`."""

        async def do() -> None:
            self._known(stream)
            self._check_may_keep(stream, persist)
            left = tuple(one for one in self._settings.streams if one.id != stream)
            await self._go_over_to(lambda: self._settings.model_copy(update={"streams": left}))
            self._added.pop(stream, None)
            if persist:
                await self._aside(lambda: self._kept.keep(stream, None))

        await self._in_turn(do)

    async def stop(self, stream: str) -> StreamView:
        """Watch it no more until it is started; everything else of it stays. Raises KeyError, NotNow."""
        return await self._in_turn(lambda: self._stopped(stream))

    async def start(self, stream: str) -> StreamView:
        """Watch it again. Raises KeyError, NotNow."""
        return await self._in_turn(lambda: self._started(stream))

    async def become(self, wanted: Settings, renewed: Collection[Path] = ()) -> Changes:
        """Watch the streams of these settings, and no others; those anew that follow a procedure which says something
        else by now. Raises as `add`."""
        return await self._in_turn(lambda: self._go_over_to(lambda: wanted, renewed))

    async def reload(self) -> Changes:
        """Read the file again, and apply what is different.

        Raises:
            ConfigError: every mistake; nothing has changed then.
        """
        return await self._in_turn(self._reload)

    # Changes, one after the other

    async def _in_turn(self, do: Callable[[], Awaitable[T]]) -> T:
        """Whoever asks may go away in the middle; what was begun is done."""
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()

        async def in_turn() -> None:
            try:
                async with self._turn:
                    answer = await do()
            except BaseException as error:
                ends = isinstance(error, asyncio.CancelledError)
                if not done.done():
                    done.set_exception(NotNow(NOT_NOW) if ends else error)
                if not isinstance(error, Exception):
                    raise
            else:
                if not done.done():
                    done.set_result(answer)

        self._ready()
        self._group.create_task(in_turn())
        return await done

    async def _go_over_to(
        self, wanted: Callable[[], Settings], renewed: Collection[Path] = (), added: Collection[str] | None = None
    ) -> Changes:
        """Make what is wanted of the settings that run; `added`: streams that the file does not have, where these are
        others than before. Nothing has changed where this raises."""
        before, following = self._settings, self._ready()
        known = frozenset(self._added if added is None else added)

        def prepared() -> Prepared:
            return prepare(before, wanted(), renewed, lambda settings: self._making(settings, known))

        ready = await self._aside(prepared)
        also_hide(secrets(ready.settings))
        await following.apply(ready.turn([one for one in following.streams if following.is_stopped(one)]))
        self._settings = ready.settings
        await self._publish(self._settings, following.watched)
        self._tell(ready.changes)
        return ready.changes

    async def _stopped(self, stream: str) -> StreamView:
        following = self._known(stream)
        await following.stop(stream)
        await self._publish(self._settings, following.watched)
        _log.info("stream %s: stopped", stream)
        return self._view(stream)

    async def _started(self, stream: str) -> StreamView:
        following = self._known(stream)
        await following.start(stream)
        await self._publish(self._settings, following.watched)
        _log.info("stream %s: started", stream)
        return self._view(stream)

    async def _reload(self) -> Changes:
        written = self._written
        if written is None:
            raise ConfigError(["the service was started without a file that could be read again"])
        now = await self._aside(lambda: digests(self._files(self._of_file)))
        renewed = self._rereading.renewed(now)
        self._rereading.took(now)
        said: list[Settings] = []

        def wanted() -> Settings:
            check_readable(written.file)
            said.append(load(written.file, written.environment))
            return self._merged(said[0])

        changes = await self._go_over_to(wanted, renewed)
        self._of_file = said[0]
        later = compare(self._settings, said[0]).later
        for name in later:
            _log.warning("%s: what is different there takes effect at the next start", name)
        known = self._rereading.loaded
        fresh = await self._aside(lambda: digests(file for file in self._files(self._of_file) if file not in known))
        self._rereading.took({file: known.get(file, fresh.get(file)) for file in self._files(self._of_file)})
        return replace(changes, later=later)

    def _merged(self, said: Settings) -> Settings:
        """What the file says now, with what was changed here and what the file has no say in; in the thread."""
        before = Running(self._of_file, self._settings, self._added)
        return merged(said, before, self._beside, self._environment)

    # The file

    async def _look_again(self, written: Written) -> None:
        while True:
            await self._clock.sleep(LOOK_S)
            if written.again.is_set():
                written.again.clear()
                await self._take_up()
            now = await self._aside(lambda: digests(self._files(self._of_file)))
            if None in now.values() and not self._told_gone:
                _log.warning("the configuration, or a procedure of it, cannot be read now; what runs goes on")
            self._told_gone = None in now.values()
            if self._rereading.is_due(now):
                await self._take_up()

    async def _take_up(self) -> None:
        """As `reload`, for whoever cannot be answered: what is wrong is logged."""
        try:
            changes = await self.reload()
            if not (changes.added or changes.changed or changes.removed or changes.later):
                _log.info("the configuration was read again: nothing is different from what runs")
        except ConfigError as error:
            for problem in error.problems:
                _log.error("the changed configuration is not taken, what runs goes on: %s", problem)
        except Exception:
            _log.exception("the changed configuration is not taken, by a bug; what runs goes on")

    def _files(self, settings: Settings) -> list[Path]:
        return [] if self._written is None else [self._written.file, *procedures_of(settings)]

    # Who is who

    def _check_new(self, stream: str) -> None:
        if stream in {one.id for one in self._of_file.streams}:
            raise Exists(f"id: {stream} is a stream of the configuration file; ids are unique")
        if stream in {one.id for one in self._settings.streams}:
            raise Exists(f"id: there is a stream {stream} already; ids are unique")

    def _check_may_keep(self, stream: str, persist: bool) -> None:
        if persist and stream not in self._added:
            raise ConfigError([f"{stream} is a stream of the configuration file: change it there to keep that"])

    def _ready(self) -> Following:
        if self._following is None:
            raise NotNow(NOT_NOW)
        return self._following

    def _known(self, stream: str) -> Following:
        following = self._ready()
        if stream not in following.streams:
            raise KeyError(stream)
        return following

    def _tell(self, changes: Changes) -> None:
        for what in ("added", "changed", "removed"):
            for stream in getattr(changes, what):
                _log.info("stream %s: %s", stream, what)

    async def _aside(self, do: Callable[[], T]) -> T:
        """In the roster's own thread."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, do)
