"""From settings to the API: who may ask, and what they are answered by."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Protocol

from recognizers.card import Card, checkpoint_path, read_card
from recognizers.errors import CheckpointMismatch
from recognizers.huggingface import KIND
from streamer.access import Access, Token
from streamer.audience import Onlookers
from streamer.clock import Clock
from streamer.errors import ConfigError
from streamer.feed import Feed
from streamer.health import Health
from streamer.history import History, Limits
from streamer.metrics import Metrics
from streamer.model import Model
from streamer.procedure.graph import Procedure
from streamer.promotions import Promotions
from streamer.register import Register
from streamer.settings import LEAST_TOKEN, Http, Settings, Source, Stream, WatchSection, schema
from streamer.sources.redact import redact
from streamer.stages import Watch
from streamer.views import Origin, StreamView, WatchView
from streamer.web.api.parts import Api, HealthView, Labels, Live, ModelView, Roster, Work

HISTORY = "history.db"
_log = logging.getLogger(__name__)


def build_access(http: Http, clock: Clock) -> Access:
    """Raises ConfigError: a token cannot be read, is too short, or is another's too."""
    tokens: list[Token] = []
    problems: list[str] = []
    for n, section in enumerate(http.tokens):
        where = f"http.tokens.{n}.token_file"
        try:
            secret = section.secret() or ""
        except (OSError, UnicodeDecodeError):
            problems.append(f"{where}: cannot be read; give a text file that this user may read")
            continue
        if len(secret) < LEAST_TOKEN:
            problems.append(f"{where}: must hold at least {LEAST_TOKEN} characters")
        if secret in [token.secret for token in tokens]:
            problems.append(f"http.tokens.{n}: its token is another's too; give each its own")
        tokens.append(Token(section.name, secret, frozenset(section.scopes)))
    if problems:
        raise ConfigError(problems)
    if not (tokens or http.local):
        _log.info("others reach http.host, and without http.tokens the page and the API answer nobody")
    return Access(tokens, http.local, clock)


def limits_of(http: Http) -> Limits:
    return Limits(http.history.events, http.history.days)


def view_of(stream: Stream, watches: Sequence[Watch], origin: Origin) -> StreamView:
    """A stream before anything is known of its connection."""
    named = {watch.id: watch for watch in watches}
    views = tuple(_watch_view(section, named[section.id]) for section in stream.watches)
    return StreamView(stream.id, stream.source.kind, address_of(stream.source), views, origin)


def address_of(source: Source) -> str:
    """Without a secret; empty where others publish."""
    if source.kind == "whip":
        return ""
    return str(source.path) if source.kind == "file" else redact(source.url.get_secret_value())


def _watch_view(section: WatchSection, watch: Watch) -> WatchView:
    procedure = None if watch.procedure is None else watch.procedure.name
    return WatchView(section.id, section.recognizer, watch.labels, section.region, procedure)


def work_of(streams: Iterable[tuple[str, Sequence[Watch]]]) -> list[Work]:
    """Each procedure once, with the watches that follow it."""
    found: dict[str, tuple[Procedure, list[tuple[str, str]]]] = {}
    for stream, watches in streams:
        for watch in watches:
            if watch.procedure is not None:
                found.setdefault(watch.procedure.name, (watch.procedure, []))[1].append((stream, watch.id))
    return [Work(procedure, tuple(places)) for procedure, places in found.values()]


class Runs(Protocol):
    """What runs at the moment; see `streamer.roster`."""

    @property
    def settings(self) -> Settings: ...

    def models(self) -> Mapping[str, Model]:
        """By recognizer, those that are live."""
        ...

    def watches(self) -> Sequence[tuple[str, Sequence[Watch]]]:
        """By stream."""
        ...


@dataclass(slots=True)
class Networks:
    """What is said of networks that are live."""

    runs: Runs
    _cards: dict[str, Card | None] = field(default_factory=dict)

    def views(self) -> list[ModelView]:
        settings = self.runs.settings
        promotions = Promotions(settings.data_dir)
        views = []
        for name, model in self.runs.models().items():
            section = settings.recognizers[name]
            promoted = promotions.latest(name, section.checkpoint)
            card = None if section.kind == KIND else self._card(promoted.checkpoint if promoted else section.checkpoint)
            views.append(
                ModelView(
                    name=name,
                    kind=section.kind,
                    checkpoint=promoted.source if promoted else model.checkpoint,
                    id=promoted.id if promoted else model.id,
                    labels=tuple(model.recognizer.labels) if card is None else card.labels,
                    figures={} if card is None else figures_of(card),
                    shadow=section.shadow,
                    promoted=promoted is not None,
                )
            )
        return views

    def _card(self, checkpoint: str) -> Card | None:
        if checkpoint not in self._cards:
            try:
                self._cards[checkpoint] = read_card(checkpoint_path(checkpoint))
            except CheckpointMismatch:  # it was taken away since it was loaded
                self._cards[checkpoint] = None
        return self._cards[checkpoint]


def figures_of(card: Card) -> dict[str, float]:
    """What its training says that was measured or counted, of what it had not seen before."""
    held_out = card.trained.get("held_out")
    return {
        name: float(value)
        for name, value in (dict(card.trained) | (held_out if isinstance(held_out, dict) else {})).items()
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    }


@dataclass(frozen=True, slots=True)
class Facts:
    """What is said of what runs."""

    work: Callable[[], Sequence[Work]]
    models: Callable[[], Sequence[ModelView]]
    settings: Callable[[], Settings]


def health_of(health: Health, metrics: Metrics, has_broker: bool, started_at: float) -> Callable[[], HealthView]:
    release = version("taktstream")

    def view() -> HealthView:
        broker = "none" if not has_broker else "connected" if metrics.broker_connected else "disconnected"
        return HealthView(release, health.ready, started_at, broker, metrics.delivery.waiting)

    return view


@dataclass(frozen=True, slots=True)
class Front:
    """What looks on, and what answers those who ask."""

    settings: Settings
    clock: Clock
    access: Access
    onlookers: Onlookers
    health: Callable[[], HealthView]

    @classmethod
    def of(cls, settings: Settings, clock: Clock, metrics: Metrics, health: Health, history: History) -> Front:
        """Raises ConfigError as `build_access`."""
        onlookers = Onlookers(Register(clock), Feed(clock), history)
        view = health_of(health, metrics, settings.mqtt is not None, clock.now())
        return cls(settings, clock, build_access(settings.http, clock), onlookers, view)

    def api(self, runs: Runs, roster: Roster | None, live: Live | None, labels: Labels | None) -> Api:
        """The API of what runs, and of who changes that."""
        facts = Facts(lambda: work_of(runs.watches()), Networks(runs).views, lambda: runs.settings)
        return self.api_of(facts, roster, live, labels)

    def api_of(self, facts: Facts, roster: Roster | None, live: Live | None, labels: Labels | None) -> Api:
        """Likewise, where others run it."""
        return Api(
            access=self.access,
            clock=self.clock,
            health=self.health,
            streams=self.onlookers.register,
            feed=self.onlookers.feed,
            history=self.onlookers.history,
            work=facts.work,
            models=facts.models,
            config=lambda: facts.settings().model_dump(mode="json"),
            schema=schema,
            acknowledge=self.onlookers.acknowledge,
            roster=roster,
            live=live,
            labels=labels,
        )
