"""From settings to what keeps and serves pictures of events."""

from __future__ import annotations

import socket
from collections.abc import Mapping

from streamer.clock import Clock
from streamer.errors import ConfigError
from streamer.evidence.keeper import EvidenceKeeper, StreamEvidence
from streamer.evidence.rules import EvidenceRule
from streamer.evidence.shelf import Limits, Shelf
from streamer.evidence.site import PREFIX, EvidenceSite
from streamer.exchange import NO_SITES, Site
from streamer.media.ring import PacketRing
from streamer.metrics import Metrics
from streamer.settings import LEAST_TOKEN, EvidenceSection, Settings, Stream, WatchSection

_EVERY = ("0.0.0.0", "::")
"""Addresses to listen on that nobody can ask for."""


def build_shelf(settings: Settings, clock: Clock, metrics: Metrics) -> Shelf:
    """The folder of pictures, with what was left of an earlier service put in order.

    Raises:
        ConfigError: it cannot be read.
    """
    section, folder = settings.evidence, settings.evidence_folder
    shelf = Shelf(folder, Limits(section.hours, section.max_mib << 20), clock, metrics.evidence)
    try:
        shelf.tidy()
    except OSError as error:
        words = f"evidence.folder: {folder} cannot be read ({error.strerror}); give a folder that this user may write"
        raise ConfigError([words]) from error
    return shelf


def build_sites(settings: Settings, shelf: Shelf, clock: Clock) -> Mapping[str, Site]:
    """What is served of it: nothing where `evidence.serve` says so.

    Raises:
        ConfigError: the token cannot be read, or is none.
    """
    section = settings.evidence
    if not section.serve:
        return NO_SITES
    try:
        token = section.secret()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(["evidence.token_file: cannot be read; give a text file that this user may read"]) from error
    if token is not None and len(token) < LEAST_TOKEN:
        raise ConfigError([f"evidence.token_file: must hold at least {LEAST_TOKEN} characters"])
    return {PREFIX: EvidenceSite(shelf, token, clock)}


def build_keeper(settings: Settings, shelf: Shelf, http: str, clock: Clock, metrics: Metrics) -> EvidenceKeeper:
    """What keeps pictures of events while streams run; `http`: the address at which this service is asked."""
    base = (settings.evidence.url or http).rstrip("/")
    streams = {stream.id: evidence_of(stream, settings.evidence) for stream in settings.streams}
    kept = {name: one for name, one in streams.items() if any(rule.keeps_any for rule in one.rules.values())}
    return EvidenceKeeper(kept, shelf, base, clock, metrics.evidence)


def reachable(host: str) -> str:
    """What others call an address that the service listens on."""
    name = socket.gethostname() if host in _EVERY else host
    return f"[{name}]" if ":" in name else name


def evidence_of(stream: Stream, defaults: EvidenceSection) -> StreamEvidence:
    """What a stream's watches want kept, and the memory for it."""
    rules = {watch.id: rule_of(watch, defaults) for watch in stream.watches}
    keep_s = max((rule.reaches_back_s for rule in rules.values() if rule.keeps_any), default=0.0)
    return StreamEvidence(PacketRing(keep_s, defaults.memory_mib << 20), rules)


def rule_of(watch: WatchSection, defaults: EvidenceSection) -> EvidenceRule:
    fields = set(EvidenceRule.__dataclass_fields__)
    said = {**defaults.model_dump(include=fields), **watch.evidence.model_dump(exclude_none=True)}
    return EvidenceRule(**said | {name: frozenset(said[name]) for name in ("actions", "verdicts", "phases")})
