"""Changes networks in the running service: loads beside, warms up, remembers, swaps; and goes back the same way."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Protocol, TypeVar

from recognizers.clip import Clip
from recognizers.errors import RecognizerError
from recognizers.identity import identity
from recognizers.prediction import Prediction
from streamer.clock import Clock
from streamer.engine import LAST, step_back
from streamer.errors import ConfigError
from streamer.gate import Gate
from streamer.lane import Lane
from streamer.model import Model, warm_up
from streamer.promotions import Promoted, Promotions
from streamer.scheduler import Scheduler
from streamer.serving import Serving
from streamer.shadow import Beside, Shadow
from streamer.shadow import Observer as ShadowObserver
from streamer.sources.base import Demand, Need
from streamer.stages import Watch

_log = logging.getLogger(__name__)
T = TypeVar("T")

LOOK_S = 0.05


class Observer(ShadowObserver, Protocol):
    def runs(self, recognizer: str, role: str, checkpoint: str, model: str) -> None:
        """What runs as `live` or `shadow` from now on; an empty model: nothing does."""
        ...

    def promotion(self, recognizer: str, result: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Candidates:
    """Where networks come from."""

    load: Callable[[str, str], Model]
    """Of a recognizer's name and a checkpoint. Raises RecognizerError."""
    configured: Mapping[str, str]
    """The checkpoint of each recognizer in the configuration."""
    shadows: Mapping[str, str]
    """Likewise, of those that have one."""
    patience_s: float = 20.0
    """How long a candidate may take to answer every stream that is live; then it takes over without."""


@dataclass(frozen=True, slots=True)
class Running:
    """What runs in a worker at the moment."""

    gate: Gate
    disagreed: Callable[[str, Model, Clip, Prediction], None] = lambda *_: None
    """Is told of clips that a shadow sees otherwise: the recognizer, the shadow's network, what that says."""
    servings: dict[str, Serving] = field(default_factory=dict)
    """By recognizer."""
    schedulers: dict[str, Scheduler] = field(default_factory=dict)
    """Theirs; lanes look in here, and into the next."""
    shadows: dict[str, Shadow] = field(default_factory=dict)
    """By recognizer, of those that have one now."""
    lanes: dict[str, Lane] = field(default_factory=dict)
    """By stream."""
    demands: dict[str, Demand] = field(default_factory=dict)
    """What each stream's source delivers."""

    def watches(self, recognizer: str) -> dict[str, list[Watch]]:
        """Of a recognizer, by stream."""
        all_of = {
            stream: [watch for watch in lane.stages.watches.values() if watch.recognizer == recognizer]
            for stream, lane in self.lanes.items()
        }
        return {stream: watches for stream, watches in all_of.items() if watches}


class Promoter:
    """Decides who runs as live and who as shadow. What it does, it does between two batches or not at all."""

    def __init__(
        self,
        candidates: Candidates,
        promotions: Promotions,
        running: Running,
        clock: Clock,
        observer: Observer,
        shown: Callable[[], None],
    ) -> None:
        """`shown` is called when another network has become live."""
        self._candidates, self._promotions, self._running = candidates, promotions, running
        self._clock, self._observer, self._shown = clock, observer, shown
        self._thread = ThreadPoolExecutor(1, "promoter", step_back, (LAST,))
        self._group = asyncio.TaskGroup()
        self.turn = asyncio.Lock()
        """Held by whoever changes which networks or streams there are."""

    async def run(self) -> None:
        """Keep shadows running, those of the configuration from the beginning."""
        try:
            async with self._group:
                for name, serving in self._running.servings.items():
                    self._observer.runs(name, "live", serving.model.checkpoint, serving.model.id)
                async with self.turn:
                    for name in tuple(self._running.servings):
                        await self._seat_configured(name)
                await asyncio.Event().wait()
        finally:
            self._thread.shutdown(wait=False, cancel_futures=True)
            for shadow in self._running.shadows.values():
                shadow.engine.close()

    def use(self, candidates: Candidates) -> None:
        """Networks come from there from now on. Whoever calls this and what follows has the turn."""
        self._candidates = candidates

    def began(self, name: str) -> None:
        """A recognizer runs that did not before; its shadow is seated when it is loaded."""
        model = self._running.servings[name].model
        self._observer.runs(name, "live", model.checkpoint, model.id)
        self._group.create_task(self._seat_in_turn(name))

    async def ended(self, name: str) -> None:
        """A recognizer is about to be let go."""
        await self._unseat(name)
        self._observer.runs(name, "live", "", "")

    def left(self, stream: str) -> None:
        """A stream is watched no more, also not by shadows."""
        for shadow in self._running.shadows.values():
            shadow.leave(stream)

    async def joined(self, stream: str) -> None:
        """A stream is watched; so it is by shadows, and by those that cannot, nothing more is."""
        for name, shadow in [*self._running.shadows.items()]:
            watches = self._running.watches(name).get(stream)
            if watches is None:
                continue
            try:
                self._check_fits(shadow.model, self._running.servings[name].model, {stream: watches})
            except ConfigError as error:
                _log.error("recognizer %s runs without its shadow: %s", name, error)
                await self._unseat(name)
            else:
                shadow.join(stream, watches)
                if epoch := self._running.lanes[stream].stages.epoch:
                    shadow.begin(stream, epoch)

    async def answer(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        """Do what a command asks: `{"do": "report" | "promote" | "undo", "recognizer": …, "checkpoint": …}`.

        Raises:
            ConfigError: it cannot be done; says why. What was live still is.
        """
        name, checkpoint = str(request.get("recognizer")), request.get("checkpoint")
        self._check_runs(name)
        if request.get("do") == "report":
            return self.report(name)
        async with self.turn:
            self._check_runs(name)
            try:
                if request.get("do") == "undo":
                    return await self.undo(name)
                return await self.promote(name, None if checkpoint is None else str(checkpoint))
            except (RecognizerError, ConfigError, OSError) as error:
                self._observer.promotion(name, "failed")
                _log.error("recognizer %s stays as it is: %s", name, error)
                raise ConfigError([str(error)]) from error

    def _check_runs(self, name: str) -> None:
        if name not in self._running.servings:
            raise ConfigError([f"no recognizer {name} runs; there are: {', '.join(self._running.servings)}"])

    def report(self, name: str) -> dict[str, Any]:
        """What is live, and how its shadow compares."""
        live, shadow = self._running.servings[name].model, self._running.shadows.get(name)
        return {
            "recognizer": name,
            "live": {"checkpoint": live.checkpoint, "model": live.id, "labels": list(live.recognizer.labels)},
            "configured": self._candidates.configured[name],
            "shadow": None if shadow is None else shadow.report(),
        }

    async def promote(self, name: str, checkpoint: str | None) -> dict[str, Any]:
        """Make a checkpoint live, the shadow's where none is named."""
        shadow, configured = self._running.shadows.get(name), self._candidates.configured[name]
        if checkpoint is None and shadow is None:
            raise ConfigError(
                [f"recognizers.{name} has no shadow; name a checkpoint with --checkpoint, or as `shadow`"]
            )
        named = checkpoint if shadow is None or checkpoint is not None else shadow.model.checkpoint
        now = self._clock.now()
        kept = await self._aside(lambda: self._promotions.keep(str(named), now))
        if checkpoint is None and shadow is not None and shadow.model.id != kept.id:
            raise ConfigError(
                [f"{named} is not what was looked at as shadow any more; name it with --checkpoint to take it as it is"]
            )
        return await self._replace(name, kept, lambda: self._promotions.promote(name, configured, kept), "promoted")

    async def undo(self, name: str) -> dict[str, Any]:
        """Make live again what was before the latest promotion."""
        configured = self._candidates.configured[name]
        before = await self._aside(lambda: self._promotions.before(name, configured))
        return await self._replace(name, before, lambda: self._promotions.undo(name, configured), "undone")

    async def _replace(self, name: str, by: Promoted, remember: Callable[[], None], result: str) -> dict[str, Any]:
        serving = self._running.servings[name]
        before, shadow = serving.model, self._running.shadows.get(name)
        if by.id == before.id:
            raise ConfigError([f"{by.source} is live already (model {before.id})"])
        try:
            if shadow is None or shadow.model.id != by.id or shadow.failures:
                shadow = await self._seat(name, by.checkpoint, by.source)
            is_warm = await self._is_warm(shadow)
            await self._aside(remember)
        except (RecognizerError, ConfigError, OSError):
            await self._seat_configured(name)
            raise
        await self._swap(serving, shadow)
        self._observer.promotion(name, result)
        self._shown()
        _log.info("recognizer %s: model %s (%s) took over from %s", name, serving.model.id, by.source, before.id)
        await self._seat_configured(name)
        return {"recognizer": name, "result": result, "model": by.id, "before": before.id, "warm": is_warm}

    async def _swap(self, serving: Serving, shadow: Shadow) -> None:
        await shadow.rest()
        await serving.promote(shadow)
        # No await from here on: the next batch must find everything in its place.
        for stream, understudy in shadow.stages.items():
            self._running.lanes[stream].promote(understudy)
        del self._running.shadows[serving.name]
        self._observer.runs(serving.name, "shadow", "", "")
        self._observer.runs(serving.name, "live", serving.model.checkpoint, serving.model.id)

    async def _is_warm(self, shadow: Shadow) -> bool:
        """Wait until it has answered every watch of a stream that is live.

        Raises ConfigError where it fails on one.
        """
        until_s = self._clock.monotonic() + self._candidates.patience_s
        while True:
            if shadow.failures:
                raise ConfigError([f"{shadow.model.checkpoint} failed on live clips: {shadow.failure}"])
            live = [stages for stream, stages in shadow.stages.items() if self._running.lanes[stream].stages.epoch]
            if all((stages.stream, watch) in shadow.warm for stages in live for watch in stages.watches):
                return True
            if self._clock.monotonic() >= until_s:
                return False
            await self._clock.sleep(LOOK_S)

    async def _seat_configured(self, name: str) -> None:
        """The shadow that the configuration names, unless it is live; one that cannot run is told of, no more."""
        wanted, seated = self._candidates.shadows.get(name), self._running.shadows.get(name)
        try:
            if wanted is None or await self._aside(lambda: identity(wanted)) == self._running.servings[name].model.id:
                return await self._unseat(name)
            if seated is None or seated.model.checkpoint != wanted or seated.failures:
                await self._seat(name, wanted, wanted)
        except Exception as error:
            # Also one that nobody foresaw: a candidate's bug must not end the service.
            is_known = isinstance(error, RecognizerError | ConfigError)
            _log.error("recognizer %s runs without its shadow: %s", name, error, exc_info=not is_known)
            await self._unseat(name)

    async def _seat_in_turn(self, name: str) -> None:
        async with self.turn:
            if name in self._running.servings:
                await self._seat_configured(name)

    async def _seat(self, name: str, checkpoint: str, source: str) -> Shadow:
        """Load a network, try it on nothing, and let it watch; another shadow makes way for it."""
        live, watches = self._running.servings[name].model, self._running.watches(name)
        model = replace(await self._aside(lambda: self._candidates.load(name, checkpoint)), checkpoint=source)
        self._check_fits(model, live, watches)
        await self._aside(lambda: warm_up(model.recognizer))
        await self._unseat(name)
        shadow = Shadow(model, Beside(name, live, watches), self._running.gate, self._clock, self._observer)
        for stream in watches:
            if epoch := self._running.lanes[stream].stages.epoch:
                shadow.begin(stream, epoch)
        shadow.disagreed = partial(self._running.disagreed, name, model)
        shadow.start(self._group)
        self._running.shadows[name] = shadow
        self._observer.runs(name, "shadow", source, model.id)
        return shadow

    def _check_fits(self, model: Model, live: Model, watches: Mapping[str, list[Watch]]) -> None:
        spec = model.recognizer.spec
        if spec.continual != live.recognizer.spec.continual:
            raise ConfigError(
                [f"{model.checkpoint} takes clips in another way than {live.checkpoint}; restart with it"]
            )
        for stream, each in watches.items():
            for watch in each:
                if not self._running.demands[stream].covers(Need(spec, watch.region)):
                    raise ConfigError(
                        [
                            f"{model.checkpoint} wants pictures every {spec.interval_s:g} s with {spec.short_side_px} "
                            f"pixels on the short side, more than stream {stream} is decoded for; name it as `shadow` "
                            "and restart, or promote it while the service does not run"
                        ]
                    )
                unknown = watch.actions_followed - set(model.recognizer.labels)
                if unknown:
                    raise ConfigError(
                        [
                            f"{model.checkpoint} does not know {', '.join(sorted(unknown))}, which the procedure of "
                            f"stream {stream}, watch {watch.id} needs; take a network that does, or change that"
                        ]
                    )

    async def _unseat(self, name: str) -> None:
        shadow = self._running.shadows.pop(name, None)
        if shadow is not None:
            await shadow.rest()
            shadow.engine.close()
            self._observer.runs(name, "shadow", "", "")

    async def _aside(self, do: Callable[[], T]) -> T:
        """In the promoter's own thread."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, do)
