"""From settings to parts: the one place that knows which section becomes what."""

from __future__ import annotations

import logging
import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from recognizers.build import build_recognizer
from recognizers.card import Abstain, Card, Usual, checkpoint_path, read_card
from recognizers.clip import ClipSpec, Region
from recognizers.errors import CheckpointMismatch
from recognizers.huggingface import KIND
from recognizers.identity import identity
from recognizers.kinds import OPTIONS
from streamer.audience import Nobody
from streamer.board.andon import Colour
from streamer.broker import build_broker, prefixes_of
from streamer.clock import Clock
from streamer.commands import ALONE, Others
from streamer.errors import ConfigError
from streamer.evidence.keeper import EvidenceKeeper
from streamer.evidence.privacy import Redactor
from streamer.front import view_of
from streamer.hard_examples import Options as HardExampleOptions
from streamer.keeping import build_redactors, evidence_of
from streamer.looking import NOBODY, Looking
from streamer.lookout import LookoutOptions
from streamer.metrics import Metrics
from streamer.model import Model
from streamer.outbound import outbox_plan
from streamer.peers import Peers, retry_of, token_of
from streamer.plan import Plan, StreamPlan, at_no_broker, to_nobody
from streamer.procedure.graph import Procedure
from streamer.procedure.made import procedure_of
from streamer.promoter import Candidates
from streamer.promotions import Promotions
from streamer.segmenter.made import decoding_of, event_rules
from streamer.settings import (
    HardExamplesSection,
    RecognizerSection,
    Settings,
    SightSection,
    Source,
    Stream,
    WatchSection,
    WhepSource,
    WhipSource,
    load_procedure,
)
from streamer.showing import ShowOptions
from streamer.sources.address import Address
from streamer.sources.base import Demand, Need
from streamer.sources.base import Source as StreamSource
from streamer.sources.libav import LibavSource
from streamer.sources.reconnect import RetryPolicy
from streamer.stages import Watch
from streamer.traced import build_tracing
from streamer.units import UnitTopic

_log = logging.getLogger(__name__)

_OPTIONS = {"hop_s", "threads", "average_clips", *OPTIONS}
"""Of a recognizer's section, what it is built with as it stands."""
NO_SPECS: Mapping[str, ClipSpec] = MappingProxyType({})


def build_plan(
    settings: Settings,
    clock: Clock,
    metrics: Metrics,
    evidence: EvidenceKeeper | None = None,
    looking: Looking = NOBODY,
    added: Collection[str] = (),
    others: Others = ALONE,
) -> Plan:
    """All parts of a worker, not yet running.

    Args:
        looking: who looks at its streams besides.
        added: streams that the configuration file does not have.
        others: workers of the same service, which may have streams that were this one's.

    Raises:
        ConfigError: every recognizer that cannot be loaded; a password or CA file that cannot be used.
    """
    models = build_models(settings)
    broker = build_broker(settings, clock, metrics, others)
    making = making_of(settings, clock, metrics, looking, added, keeps=evidence is not None)
    return Plan(
        streams=build_streams(settings, settings.streams, models, making),
        models=models,
        candidates=build_candidates(settings),
        data_dir=settings.data_dir,
        sink=broker.sink,
        outbox=outbox_plan(settings, clock),
        batch=settings.engine.batch,
        deadline_s=settings.engine.deadline_s,
        grace_s=settings.shutdown.grace_s,
        retry=RetryPolicy(),
        hard_examples=hard_examples_of(settings.hard_examples),
        evidence=evidence,
        board=show_options(settings),
        commands=settings.mqtt is not None and settings.mqtt.commands,
        others=others,
        announce=to_nobody if broker.announce is None else broker.announce,
        once=at_no_broker if broker.once is None else broker.once,
        prefixes=broker.prefixes,
        audience=looking.onlookers or Nobody(),
        tracing=build_tracing(settings, clock, metrics),
        lasting=not settings.streams,
    )


@dataclass(frozen=True, slots=True)
class Making:
    """What streams are made with besides their sections."""

    clock: Clock
    metrics: Metrics
    keeps: bool
    """Whether pictures of events may be kept."""
    shadows: Mapping[str, ClipSpec]
    """See `shadow_specs`."""
    redactors: Mapping[str, Redactor]
    """By stream, of what is kept for labelling."""
    looking: Looking
    shown: Mapping[str, Redactor]
    """By stream, of what is shown to people; these are asked by a thread of their own."""
    added: Collection[str]
    """Streams that the configuration file does not have."""


def making_of(
    settings: Settings,
    clock: Clock,
    metrics: Metrics,
    looking: Looking = NOBODY,
    added: Collection[str] = (),
    *,
    keeps: bool = False,
) -> Making:
    """What reads files or takes a while, of all streams of the settings.

    Raises:
        ConfigError: people are to be hidden, and nothing here finds them.
    """
    redactors = {} if settings.hard_examples.folder is None else build_redactors(settings)
    shown = {} if looking.live is None else build_redactors(settings)
    return Making(clock, metrics, keeps, shadow_specs(settings), redactors, looking, shown, added)


def build_streams(
    settings: Settings, streams: Iterable[Stream], models: Mapping[str, Model], making: Making
) -> tuple[StreamPlan, ...]:
    """Some streams of the settings, with the networks that are live.

    Raises:
        ConfigError: a secret cannot be read, a procedure names what a network does not know.
    """
    watched = [(stream, build_watches(stream, models)) for stream in streams]
    for stream, _ in watched:  # what cannot be read is told before anything is begun
        if isinstance(stream.source, WhipSource | WhepSource):
            token_of(stream.id, stream.source)
    return tuple(_stream(settings, stream, watches, making) for stream, watches in watched)


def _stream(settings: Settings, stream: Stream, watches: tuple[Watch, ...], making: Making) -> StreamPlan:
    clock, metrics, section = making.clock, making.metrics, stream.source
    evidence = evidence_of(stream, settings.evidence)
    kept = evidence if making.keeps and any(rule.keeps_any for rule in evidence.rules.values()) else None
    taps, beside = making.looking.at(stream, None if kept is None else kept.ring, making.shown.get(stream.id))
    demand, lookout = demand_of(watches, making.shadows), lookout_of(stream.sight)
    source: StreamSource
    if isinstance(section, WhipSource | WhepSource):
        source = Peers(settings.webrtc, clock, metrics, lambda _: taps).source(stream.id, section, demand, lookout)
        retry, loss_free = retry_of(section), False
    else:
        address = address_of(section)
        source = LibavSource(stream.id, address, demand, clock, metrics, taps, lookout)
        retry, loss_free = None, address.loss_free
    shown = making.looking.knows(view_of(stream, watches, "api" if stream.id in making.added else "file"))
    prefix = None if settings.mqtt is None else prefixes_of(settings.mqtt, [stream])[stream.id]
    return StreamPlan(
        stream.id,
        source,
        watches,
        demand,
        loss_free,
        retry,
        kept,
        making.redactors.get(stream.id),
        (*shown, *beside),
        prefix,
    )


def hard_examples_of(section: HardExamplesSection) -> HardExampleOptions | None:
    """None where none are kept. What hides something in them comes with the streams."""
    if section.folder is None:
        return None
    return HardExampleOptions(section.folder, section.per_hour, section.max_mib << 20, section.below)


def build_models(settings: Settings, runtime: str | None = None, known: Collection[str] = ()) -> dict[str, Model]:
    """Each recognizer once, by name, with what was promoted in the place of its checkpoint; only those that a watch
    uses. `runtime`: instead of the configured ones; `known`: names of those that are not needed."""
    promotions = Promotions(settings.data_dir)
    used = {name: section for name, section in _used(settings).items() if name not in known}
    built, problems = {}, []
    for name, section in used.items():
        promoted = promotions.latest(name, section.checkpoint)
        if promoted is not None:
            _log.info("recognizer %s: %s was promoted over %s", name, promoted.source, section.checkpoint)
        elif overruled := promotions.overruled(name, section.checkpoint):
            words = "recognizer %s: the configuration names %s now, so that what was promoted over %s is not taken"
            _log.warning(words, name, section.checkpoint, overruled)
        checkpoint = section.checkpoint if promoted is None else promoted.checkpoint
        try:
            model = _model(section, checkpoint, runtime or section.runtime)
        except CheckpointMismatch as error:
            undo = "" if promoted is None else f"; it was promoted, and `takt promote CONFIG {name} --undo` goes back"
            problems.append(f"recognizers.{name}: {error}{undo}")
            continue
        built[name] = model if promoted is None else replace(model, checkpoint=promoted.source)
    if problems:
        raise ConfigError(problems)
    return built


def build_candidates(settings: Settings) -> Candidates:
    """How networks are loaded while the service runs."""
    used = _used(settings)
    return Candidates(
        load=lambda name, checkpoint: _model(used[name], checkpoint, used[name].runtime),
        configured={name: section.checkpoint for name, section in used.items()},
        shadows={name: section.shadow for name, section in used.items() if section.shadow is not None},
    )


def _used(settings: Settings) -> dict[str, RecognizerSection]:
    used = {watch.recognizer for stream in settings.streams for watch in stream.watches}
    return {name: section for name, section in settings.recognizers.items() if name in used}


def _model(section: RecognizerSection, checkpoint: str, runtime: str) -> Model:
    options = section.model_dump(include=_OPTIONS)
    if section.abstain_below is not None:
        options["abstain"] = Abstain(section.abstain_by or "max_logit", section.abstain_below)
    options["runtime"] = runtime
    recognizer = build_recognizer(section.kind, checkpoint, options)
    card = None if section.kind == KIND else read_card(checkpoint_path(checkpoint))
    thresholds, usual = ({}, None) if card is None else (card.thresholds, _usual(section, card))
    return Model(recognizer, checkpoint, identity(checkpoint), thresholds, usual)


def _usual(section: RecognizerSection, card: Card) -> Usual | None:
    """What the card calls usual, less what the section changes."""
    if card.usual is None:
        return None
    changed = {"scores"} if section.average_clips > 1 else set()
    changed |= {"abstained", "scores"} if section.abstain_below is not None else set()
    return replace(card.usual, limits={name: limit for name, limit in card.usual.limits.items() if name not in changed})


def build_watches(stream: Stream, models: Mapping[str, Model]) -> tuple[Watch, ...]:
    return tuple(_watch(section, models[section.recognizer]) for section in stream.watches)


def _watch(section: WatchSection, model: Model) -> Watch:
    (rules, unsaid), recognizer = event_rules(section), model.recognizer
    return Watch(
        id=section.id,
        recognizer=section.recognizer,
        spec=recognizer.spec,
        labels=recognizer.labels,
        background=recognizer.background,
        region=Region(*section.region),
        min_coverage=section.min_coverage,
        rules=rules,
        exclusive=tuple(frozenset(group) for group in section.exclusive),
        decoding=decoding_of(section, recognizer.spec.hop_s),
        model=model.id,
        procedure=None if section.procedure is None else _procedure(section, recognizer.labels),
        unit=None if section.unit.topic is None else UnitTopic(**section.unit.model_dump()),
        unsaid=unsaid,
        thresholds=model.thresholds,
    )


def _procedure(section: WatchSection, labels: Sequence[str]) -> Procedure:
    """Raises ConfigError, as where settings are loaded: of a checkpoint of the hub, labels are known only now."""
    assert section.procedure is not None
    return procedure_of(load_procedure(section.procedure, os.environ, labels))


def demand_of(watches: tuple[Watch, ...], shadows: Mapping[str, ClipSpec] = NO_SPECS) -> Demand:
    """What they need of their stream together; `shadows` of their recognizers with them."""
    needs = [Need(watch.spec, watch.region) for watch in watches]
    for watch in watches:
        if watch.recognizer in shadows:
            spec = shadows[watch.recognizer]
            # What finds people or joints may want more than the card says, of the shadow as of the live one.
            px = max(spec.short_side_px, watch.spec.short_side_px)
            needs.append(Need(replace(spec, short_side_px=px), watch.region))
    return Demand(tuple(needs))


def shadow_specs(settings: Settings) -> dict[str, ClipSpec]:
    """How shadows want their clips cut, by recognizer, as far as their cards say it; the service loads them later."""
    specs = {}
    for name, section in _used(settings).items():
        if section.shadow is not None and section.kind != KIND:
            with suppress(CheckpointMismatch):  # told when it is loaded, and no reason to be without the live one
                specs[name] = read_card(checkpoint_path(section.shadow)).spec
    return specs


def lookout_of(section: SightSection) -> LookoutOptions:
    return LookoutOptions(**section.model_dump())


def address_of(source: Source) -> Address:
    """A source's section as the av door takes it.

    Raises:
        ConfigError: it is none that FFmpeg connects to.
    """
    if isinstance(source, WhipSource | WhepSource):
        raise ConfigError([f"a source of the kind {source.kind} is no address of FFmpeg's; give rtsp, http or file"])
    fields = source.model_dump(exclude={"kind", "path"}, exclude_none=True)
    url = str(source.path) if source.kind == "file" else fields.pop("url").get_secret_value()
    return Address(url, **fields)


def recording(path: Path, start_at: float) -> Address:
    """A file for replay: loss-free, its wall time counted from `start_at`."""
    return replace(Address(str(path)), pace="fast", start_at=start_at)


def show_options(settings: Settings) -> ShowOptions:
    andon = settings.andon
    return ShowOptions(
        colours={**dict.fromkeys(andon.red, Colour.RED), **dict.fromkeys(andon.amber, Colour.AMBER)},
        acknowledge=andon.acknowledge,
        stalled_s=ShowOptions().stalled_s if settings.mqtt is None else settings.mqtt.stalled_s,
    )
