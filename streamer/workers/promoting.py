"""What `takt promote` and `takt outbox` ask of a service of several workers: each of them does it, or none."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from recognizers.errors import RecognizerError
from streamer.clock import Clock
from streamer.control import PATIENCE_S
from streamer.errors import ConfigError, TaktError
from streamer.promotions import Promotions
from streamer.settings import Settings
from streamer.workers.combined import outboxes, reports
from streamer.workers.spreading import Asked

OUTBOX = "outbox"
Told = Mapping[str, Any]
T = TypeVar("T")


class FleetCommands:
    """Answers requests over the control socket. What is promoted is remembered here, and told to workers as they begin
    and whenever they are given streams."""

    def __init__(
        self,
        settings: Callable[[], Settings],
        workers: Callable[[], Mapping[str, Asked]],
        runs: Callable[[str], Mapping[str, str]],
        clock: Clock,
    ) -> None:
        """
        Args:
            workers: by slot, all that there are; raises NotNow where one begins.
            runs: of a recognizer, by the slots in which it looks, its network's id.
        """
        self._settings, self._workers, self._runs, self._clock = settings, workers, runs, clock
        self.promotions = Promotions(settings().data_dir)
        self._turn = asyncio.Lock()
        self._thread = ThreadPoolExecutor(1, "promotions")

    def close(self) -> None:
        """Nothing is promoted any more."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def answer(self, request: Told) -> Told:
        """
        Raises:
            ConfigError: it cannot be done, and nothing has changed; or where it could not be taken back.
            NotNow: a worker begins.
        """
        if request.get("do") == OUTBOX:
            return await self._of_outboxes(request)
        name = str(request.get("recognizer"))
        self._concerned(name)
        if request.get("do") == "report":
            return reports(await self._all(self._concerned(name), request))
        async with self._turn:
            if request.get("do") == "undo":
                return await self._undo(name, request)
            return await self._promote(name, request)

    async def _promote(self, name: str, request: Told) -> Told:
        section = self._settings().recognizers[name]
        named = request.get("checkpoint") or section.shadow
        if named is None:
            words = f"recognizers.{name} has no shadow; name a checkpoint with --checkpoint, or as `shadow`"
            raise ConfigError([words])
        now = self._clock.now()
        try:
            kept = await self._aside(lambda: self.promotions.keep(str(named), now))
        except (RecognizerError, OSError) as error:
            raise ConfigError([str(error)]) from error
        told = await self._everywhere(name, request, {"do": "undo", "recognizer": name}, kept.id)
        return await self._remembered(told, lambda: self.promotions.promote(name, section.checkpoint, kept))

    async def _undo(self, name: str, request: Told) -> Told:
        configured = self._settings().recognizers[name].checkpoint
        before = await self._aside(lambda: self.promotions.before(name, configured))
        latest = self.promotions.latest(name, configured)
        assert latest is not None, "there is one where there is one before it"
        again = {"do": "promote", "recognizer": name, "checkpoint": latest.checkpoint}
        told = await self._everywhere(name, request, again, before.id)
        return await self._remembered(told, lambda: self.promotions.undo(name, configured))

    async def _remembered(self, told: Told, remember: Callable[[], None]) -> Told:
        try:
            await self._aside(remember)
        except OSError as error:
            words = f"the workers have it until they end; the data folder does not take it ({error.strerror})"
            raise ConfigError([words]) from error
        return told

    async def _everywhere(self, name: str, request: Told, back: Told, model: str) -> Told:
        """Have each worker in which the recognizer looks do it. Where one cannot, the others go `back`."""
        workers = self._concerned(name)
        done = await asyncio.gather(*(self._tried(one, request) for one in workers.values()))
        told = dict(zip(workers, done, strict=True))
        failed = {slot: str(one) for slot, one in told.items() if isinstance(one, Exception)}
        well = {slot: one for slot, one in told.items() if not isinstance(one, Exception)}
        failed |= {slot: f"another file was read there (model {one['model']})" for slot, one in well.items()
                   if one["model"] != model}  # fmt: skip
        if failed:
            became = await self._taken_back(back, {slot: workers[slot] for slot in well})
            raise ConfigError([*_said(failed), *became])
        first = next(iter(well.values()))
        return {**first, "warm": all(one["warm"] for one in well.values()), "workers": len(well)}

    async def _taken_back(self, back: Told, workers: Mapping[str, Asked]) -> list[str]:
        """What became of those that had done it."""
        done = [await self._tried(one, back) for one in workers.values()]
        stuck = {slot: str(one) for slot, one in zip(workers, done, strict=True) if isinstance(one, Exception)}
        if not stuck:
            return ["nothing has changed" if not workers else "the others went back, so that nothing has changed"]
        return [f"worker {slot} had done it and could not go back: {words}" for slot, words in stuck.items()]

    async def _of_outboxes(self, request: Told) -> Told:
        if request.get("what") == "retry" and request.get("ids") is not None:
            raise ConfigError(["numbers are those of one worker; with several, retry takes all (give no number)"])
        return outboxes(await self._all(self._workers(), request))

    def _concerned(self, name: str) -> Mapping[str, Asked]:
        """Raises NotNow while one begins, since nobody knows then; ConfigError: there are none, any more perhaps."""
        workers, runs = self._workers(), self._runs(name)
        if not runs:
            raise ConfigError([f"no recognizer {name} runs; see `takt check` and the log"])
        return {slot: one for slot, one in workers.items() if slot in runs}

    async def _all(self, workers: Mapping[str, Asked], request: Told) -> list[Told]:
        told = [await self._tried(one, request) for one in workers.values()]
        failed = {slot: str(one) for slot, one in zip(workers, told, strict=True) if isinstance(one, Exception)}
        if failed:
            raise ConfigError(_said(failed))
        return [one for one in told if not isinstance(one, Exception)]

    async def _aside(self, do: Callable[[], T]) -> T:
        """In a thread: files are read and written."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, do)

    async def _tried(self, worker: Asked, request: Told) -> Told | Exception:
        try:
            return await worker.ask("command", PATIENCE_S, request=dict(request))
        except (TaktError, KeyError) as error:
            return error


def _said(failed: Mapping[str, str]) -> list[str]:
    return [f"worker {slot}: {words}" for slot, words in failed.items()]
