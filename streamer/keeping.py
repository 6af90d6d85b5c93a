"""From settings to what keeps pictures of events, and to who else takes pictures of streams."""

from __future__ import annotations

import os
from pathlib import Path

from recognizers.clip import Region
from recognizers.errors import CheckpointMismatch
from recognizers.estimators.downloads import file_of
from recognizers.estimators.fastestdet import FastestDet
from streamer.clock import Clock
from streamer.errors import ConfigError
from streamer.evidence.darkroom import Darkroom
from streamer.evidence.develop import MOST_PEOPLE, UNSURE
from streamer.evidence.keeper import EvidenceKeeper, Store, StreamEvidence
from streamer.evidence.privacy import Polygon, Privacy, Redactor
from streamer.evidence.rules import EvidenceRule
from streamer.labels.labelling import Labelling
from streamer.labels.labelling import Limits as LabelLimits
from streamer.live import Limits as LiveLimits
from streamer.live import LiveViews
from streamer.media.ring import PacketRing
from streamer.metrics import Metrics
from streamer.settings import EvidenceSection, Settings, Stream, WatchSection


def build_darkroom(settings: Settings) -> Darkroom:
    """What makes files of pictures.

    Raises:
        ConfigError: people are to be hidden, and nothing here finds them.
    """
    return Darkroom(actor_model(settings) if hides_people(settings) else None)


def build_keeper(
    settings: Settings, shelf: Store, darkroom: Darkroom, http: str, clock: Clock, metrics: Metrics
) -> EvidenceKeeper:
    """What keeps pictures of events of the streams that join it; `http`: the address at which this service is asked."""
    base = (settings.evidence.url or http).rstrip("/")
    return EvidenceKeeper({}, shelf, base, darkroom, clock, metrics.evidence)


def build_live(settings: Settings, clock: Clock, metrics: Metrics) -> LiveViews:
    """What shows streams to people who look, as they join it."""
    return LiveViews(LiveLimits(**settings.live.model_dump()), clock, metrics.live)


def build_labelling(settings: Settings, clock: Clock) -> Labelling | None:
    """What keeps moments that people name, of the streams that join it; None: nobody can name any."""
    section = settings.labels
    if section.folder is None:
        return None
    limits = LabelLimits(
        section.folder, section.back_s, section.max_mib << 20, section.memory_mib << 20, section.unmasked
    )
    return Labelling(limits, clock)


def hides_people(settings: Settings) -> bool:
    return any(stream.blur == "people" for stream in settings.streams)


def actor_model(settings: Settings) -> Path:
    """The network that finds people who are to be hidden.

    Raises:
        ConfigError: it is not there.
    """
    try:
        return file_of("fastestdet", settings.evidence.actor_model, os.environ)
    except CheckpointMismatch as error:
        raise ConfigError([f"streams: blur: people: {error}"]) from error


def build_redactors(settings: Settings) -> dict[str, Redactor]:
    """What hides in pictures of each stream what must not be seen.

    Raises:
        ConfigError: people are to be hidden, and nothing here finds them.
    """
    detector = None
    if hides_people(settings):
        try:
            detector = FastestDet(actor_model(settings), least=UNSURE, most=MOST_PEOPLE)
        except CheckpointMismatch as error:
            raise ConfigError([f"streams: blur: people: {error}"]) from error
    return {stream.id: Redactor(privacy_of(stream), detector) for stream in settings.streams}


def privacy_of(stream: Stream) -> Privacy:
    regions = tuple(Region(*watch.region) for watch in stream.watches)
    return Privacy(tuple(map(_polygon, stream.masks)), stream.blur, regions)


def _polygon(mask: tuple[float, ...]) -> Polygon:
    if len(mask) == 4:
        left, top, right, bottom = mask
        return ((left, top), (right, top), (right, bottom), (left, bottom))
    return tuple(zip(mask[::2], mask[1::2], strict=True))


def evidence_of(stream: Stream, defaults: EvidenceSection) -> StreamEvidence:
    """What a stream's watches want kept, and the memory for it."""
    rules = {watch.id: rule_of(watch, defaults) for watch in stream.watches}
    keep_s = max((rule.reaches_back_s for rule in rules.values() if rule.keeps_any), default=0.0)
    regions = {watch.id: Region(*watch.region) for watch in stream.watches}
    return StreamEvidence(PacketRing(keep_s, defaults.memory_mib << 20), rules, regions, privacy_of(stream))


def rule_of(watch: WatchSection, defaults: EvidenceSection) -> EvidenceRule:
    fields = set(EvidenceRule.__dataclass_fields__)
    said = {**defaults.model_dump(include=fields), **watch.evidence.model_dump(exclude_none=True)}
    return EvidenceRule(**said | {name: frozenset(said[name]) for name in ("actions", "verdicts", "phases")})
