"""The parts that the API asks, as fakes, and an API of them."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from pathlib import Path

from streamer.access import Access, Token
from streamer.audience import Onlookers
from streamer.clock import Clock
from streamer.errors import ConfigError, Exists, NotNow
from streamer.feed import Feed
from streamer.history import History, Limits
from streamer.procedure.graph import Procedure, Step
from streamer.register import Register
from streamer.views import StreamView, WatchView
from streamer.web.api.parts import Api, HealthView, ModelView, Section, Work

JPEG = b"\xff\xd8picture\xff\xd9"
GEARBOX = Procedure("gearbox", (Step("lid", "lift"), Step("seal", "press", (frozenset({"lid"}),))), takt_s=55.0)
TOKENS = tuple(
    Token(name, f"secret-of-{name}-0123456789", frozenset({name}))
    for name in ("read", "pictures", "label", "control", "admin")
)
"""One of each scope, named for it."""


def stream_view(name: str = "cam") -> StreamView:
    watch = WatchView("bench", "cell", ("idle", "tighten"), (0.0, 0.0, 1.0, 1.0), GEARBOX.name)
    return StreamView(name, "rtsp", "rtsp://camera/main", (watch,))


@dataclass(frozen=True, slots=True)
class FakeChanges:
    added: Sequence[str] = ()
    changed: Sequence[str] = ()
    removed: Sequence[str] = ()
    unchanged: Sequence[str] = ()


class FakeRoster:
    """Changes a register and nothing else."""

    def __init__(self, register: Register) -> None:
        self._register = register
        self.persisted: list[str] = []
        """What was written down."""

    async def add(self, section: Section, persist: bool) -> StreamView:
        view = self._checked(section)
        if view.id in [one.id for one in self._register.views()]:
            raise Exists(f"there is a stream {view.id} already; change it, or choose another id")
        self._register.add(view)
        self.persisted += [view.id] if persist else []
        return self._register.view(view.id)

    async def change(self, stream: str, section: Section, persist: bool) -> StreamView:
        self._register.view(stream)
        self._register.add(self._checked(section))
        self.persisted += [stream] if persist else []
        return self._register.view(stream)

    async def remove(self, stream: str, persist: bool) -> None:
        self._register.view(stream)
        self._register.remove(stream)

    async def start(self, stream: str) -> StreamView:
        self._register.view(stream)
        self._register.add(stream_view(stream))
        return self._register.view(stream)

    async def stop(self, stream: str) -> StreamView:
        self._register.view(stream)
        self._register.stopped(stream)
        return self._register.view(stream)

    async def reload(self) -> FakeChanges:
        return FakeChanges(unchanged=[view.id for view in self._register.views()])

    def _checked(self, section: Section) -> StreamView:
        name = section.get("id")
        if not (isinstance(name, str) and name.isascii() and name.isalnum() and len(name) < 64):
            raise ConfigError(["streams.0.id: must be small letters, digits and hyphens"])
        return replace(stream_view(name), origin="api")


class FakeLive:
    """A picture of every stream that was live."""

    def __init__(self, register: Register) -> None:
        self._register = register
        self.closed = False

    async def snapshot(self, stream: str, width: int) -> bytes:
        return self._newest(stream)

    def mjpeg(self, stream: str, width: int, fps: float) -> AsyncGenerator[bytes, None]:
        return self._three(self._newest(stream))

    def _newest(self, stream: str) -> bytes:
        if self._register.view(stream).epoch == 0:
            raise NotNow("no picture came")
        return JPEG

    async def _three(self, picture: bytes) -> AsyncGenerator[bytes, None]:
        try:
            for _ in range(3):
                yield picture
        finally:
            self.closed = True


class FakeLabels:
    """Remembers what was marked."""

    def __init__(self, register: Register) -> None:
        self._register = register
        self.marked: dict[str, Mapping[str, object]] = {}

    async def mark(
        self, stream: str, label: str, at: float | None, before_s: float, after_s: float, by: str
    ) -> Mapping[str, object]:
        self._register.view(stream)
        made = {"id": f"{len(self.marked)}", "stream": stream, "label": label, "by": by, "before_s": before_s}
        self.marked[f"{len(self.marked)}"] = {**made, "at": at, "after_s": after_s}
        return made

    async def listing(self) -> Mapping[str, object]:
        return {"labels": list(self.marked.values()), "folder": "recordings", "counts": {}}

    async def remove(self, label: str) -> None:
        del self.marked[label]


class Plant:
    """An API over one stream, `cam`, with a watch that follows a procedure."""

    def __init__(self, history: History, clock: Clock, tokens: Sequence[Token], loopback: bool) -> None:
        self.onlookers = Onlookers(Register(clock), Feed(clock), history)
        self.onlookers.register.add(stream_view())
        self.onlookers.joins(self._acknowledge)
        self.roster = FakeRoster(self.onlookers.register)
        self.live, self.labels = FakeLive(self.onlookers.register), FakeLabels(self.onlookers.register)
        self.acknowledged: list[bytes] = []
        self.config: Callable[[], Mapping[str, object]] = dict
        self.api = Api(
            access=Access(tokens, loopback, clock),
            clock=clock,
            health=lambda: HealthView("0.1.0", True, clock.now(), "connected", 3),
            streams=self.onlookers.register,
            feed=self.onlookers.feed,
            history=history,
            work=lambda: [Work(GEARBOX, (("cam", "bench"),))],
            models=lambda: [ModelView("cell", "slowfast", "bundled:cell", "3f2a", ("idle", "tighten"), {"top1": 0.9})],
            config=self._running,
            schema=dict,
            acknowledge=self.onlookers.acknowledge,
            roster=self.roster,
            live=self.live,
            labels=self.labels,
        )

    def _running(self) -> Mapping[str, object]:
        return self.config()

    def _acknowledge(self, stream: str, watch: str, payload: bytes) -> None:
        self.acknowledged.append(payload)


def history_in(folder: Path, clock: Clock, limits: Limits | None = None) -> AbstractAsyncContextManager[History]:
    return History.open(folder / "history.db", limits or Limits(), clock)
