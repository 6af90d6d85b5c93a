"""From settings to parts: the one place that knows which section becomes what."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from recognizers.build import build_recognizer
from recognizers.card import Abstain, Card, Usual, checkpoint_path, read_card
from recognizers.clip import ClipSpec, Region
from recognizers.errors import CheckpointMismatch
from recognizers.huggingface import KIND
from recognizers.identity import identity
from recognizers.kinds import OPTIONS
from streamer.board.andon import Colour
from streamer.broker import build_broker
from streamer.clock import Clock
from streamer.errors import ConfigError
from streamer.evidence.keeper import EvidenceKeeper
from streamer.evidence.privacy import Redactor
from streamer.hard_examples import Options as HardExampleOptions
from streamer.keeping import build_redactors, privacy_of
from streamer.labels.labelling import Labelling
from streamer.live import LiveViews
from streamer.lookout import LookoutOptions
from streamer.media.packets import together
from streamer.metrics import Metrics
from streamer.model import Model
from streamer.outbox import Recipient
from streamer.peers import Peers, retry_of
from streamer.procedure.graph import Procedure
from streamer.procedure.made import procedure_of
from streamer.promoter import Candidates
from streamer.promotions import Promotions
from streamer.segmenter.made import decoding_of, event_rules
from streamer.settings import (
    HardExamplesSection,
    JsonlSink,
    RecognizerSection,
    Settings,
    SightSection,
    SinkSection,
    Source,
    Stream,
    WatchSection,
    WhepSource,
    WhipSource,
    load_procedure,
)
from streamer.showing import ShowOptions
from streamer.sinks.base import Sink
from streamer.sinks.jsonl_file import JsonLinesFile, Rotation
from streamer.sinks.webhook import WebhookOptions, WebhookSink
from streamer.sources.address import Address
from streamer.sources.base import Demand, Need
from streamer.sources.libav import LibavSource
from streamer.sources.reconnect import RetryPolicy
from streamer.sources.taps import Taps
from streamer.stages import Watch
from streamer.units import UnitTopic
from streamer.wire import Message
from streamer.worker import OutboxPlan, Plan, StreamPlan, to_nobody

_log = logging.getLogger(__name__)

_OPTIONS = {"hop_s", "threads", "average_clips", *OPTIONS}
"""Of a recognizer's section, what it is built with as it stands."""
NO_SPECS: Mapping[str, ClipSpec] = MappingProxyType({})


def build_plan(
    settings: Settings,
    clock: Clock,
    metrics: Metrics,
    evidence: EvidenceKeeper | None = None,
    live: LiveViews | None = None,
    labelling: Labelling | None = None,
) -> Plan:
    """All parts of a worker, not yet running; `live` shows its streams to people, who name moments with `labelling`.

    Raises:
        ConfigError: every recognizer that cannot be loaded; a password or CA file that cannot be used.
    """
    models = build_models(settings)
    shadows = shadow_specs(settings)
    taps = taps_of(settings, evidence, live, labelling)
    peers = Peers(settings.webrtc, clock, metrics, taps)
    streams = []
    for stream in settings.streams:
        watches = build_watches(stream, models)
        demand, lookout = demand_of(watches, shadows), lookout_of(stream.sight)
        if isinstance(stream.source, WhipSource | WhepSource):
            peer = peers.source(stream.id, stream.source, demand, lookout)
            streams.append(StreamPlan(stream.id, peer, watches, demand, retry=retry_of(stream.source)))
            continue
        address = address_of(stream.source)
        source = LibavSource(stream.id, address, demand, clock, metrics, taps(stream.id), lookout)
        streams.append(StreamPlan(stream.id, source, watches, demand, address.loss_free))
    broker = build_broker(settings, clock, metrics)
    return Plan(
        streams=tuple(streams),
        models=models,
        candidates=build_candidates(settings),
        data_dir=settings.data_dir,
        sink=broker.sink,
        outbox=outbox_plan(settings, clock),
        batch=settings.engine.batch,
        deadline_s=settings.engine.deadline_s,
        grace_s=settings.shutdown.grace_s,
        retry=RetryPolicy(),
        hard_examples=hard_examples_of(settings.hard_examples, build_redactors(settings)),
        evidence=evidence,
        board=show_options(settings),
        commands=settings.mqtt is not None and settings.mqtt.commands,
        announce=to_nobody if broker.announce is None else broker.announce,
    )


def taps_of(
    settings: Settings, evidence: EvidenceKeeper | None, live: LiveViews | None, labelling: Labelling | None
) -> Callable[[str], Taps]:
    """What takes the pictures of a stream besides. Raises ConfigError as `build_redactors`."""
    redactors = {} if live is None else build_redactors(settings)
    privacy = {stream.id: privacy_of(stream) for stream in settings.streams}

    def taps(stream: str) -> Taps:
        kept, view, labelled = None if evidence is None else evidence.tap(stream), None, None
        if live is not None:
            view = live.stage(redactors[stream])
            live.join(stream, view)
        if labelling is not None:
            labelled = labelling.labelled(privacy[stream])
            labelling.join(stream, labelled)
        return Taps(together(kept, None if labelled is None else labelled.ring), view)

    return taps


def hard_examples_of(section: HardExamplesSection, redactors: Mapping[str, Redactor]) -> HardExampleOptions | None:
    """None where none are kept."""
    if section.folder is None:
        return None
    return HardExampleOptions(section.folder, section.per_hour, section.max_mib << 20, section.below, redactors)


def build_models(settings: Settings, runtime: str | None = None) -> dict[str, Model]:
    """Each recognizer once, by name, with what was promoted in the place of its checkpoint; only those that a watch
    uses. `runtime`: instead of the configured ones."""
    promotions, used = Promotions(settings.data_dir), _used(settings)
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


def outbox_plan(settings: Settings, clock: Clock) -> OutboxPlan:
    """Raises ConfigError where a CA file cannot be used."""
    section = settings.outbox
    return OutboxPlan(
        folder=settings.outbox_folder,
        budget_bytes=section.budget_mib << 20,
        keep_s=section.keep_h * 3600,
        replay_s=section.replay_s,
        others=tuple((recipient(sink), further_sink(sink, clock)) for sink in settings.sinks),
    )


def recipient(sink: SinkSection) -> Recipient:
    """Who gets what."""
    streams, classes = sink.streams, sink.classes

    def wants(message: Message) -> bool:
        return (streams is None or message.stream in streams) and (classes is None or message.cls in classes)

    return Recipient(sink.id, wants)


def further_sink(sink: SinkSection, clock: Clock) -> AbstractAsyncContextManager[Sink]:
    """A sink besides the broker. Raises ConfigError where its CA file cannot be used."""
    if isinstance(sink, JsonlSink):
        return JsonLinesFile(sink.file, Rotation(sink.rotate_mib << 20, sink.files))
    options = WebhookOptions(
        url=sink.url.get_secret_value(),
        token_file=sink.token_file,
        secret_file=sink.secret_file,
        batch=sink.batch,
        timeout_s=sink.timeout_s,
        ca_file=None if sink.ca_file is None else str(sink.ca_file),
    )
    return WebhookSink(options, clock)
