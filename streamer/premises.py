"""From settings to where pictures of events lie, who serves them, and at which address. Needs no FFmpeg."""

from __future__ import annotations

import socket
from collections.abc import Mapping

from streamer.access import Access
from streamer.clock import Clock
from streamer.errors import ConfigError
from streamer.evidence.shelf import Limits, Shelf
from streamer.evidence.site import PREFIX, EvidenceSite, Files
from streamer.exchange import NO_SITES, Site
from streamer.metrics import FleetMetrics, Metrics
from streamer.settings import LEAST_TOKEN, Settings, WhipSource
from streamer.web import API
from streamer.web.whip import PREFIX as WHIP

_EVERY = ("0.0.0.0", "::")
"""Addresses to listen on that nobody can ask for."""


def build_shelf(settings: Settings, clock: Clock, metrics: Metrics | FleetMetrics) -> Shelf:
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


def build_sites(settings: Settings, shelf: Files, clock: Clock, access: Access | None = None) -> Mapping[str, Site]:
    """What is served of it: nothing where `evidence.serve` says so. `access` knows who else may see pictures.

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
    return {PREFIX: EvidenceSite(shelf, token, clock, access)}


def addresses(settings: Settings, port: int) -> tuple[dict[str, object], str]:
    """Where everything is found, by name and in words; also where to publish, if a stream is to be published."""
    base = f"http://{reachable(settings.http.host)}:{port}"
    paths = {"page": "/", "api": API, "metrics": "/metrics", "live": "/livez", "ready": "/readyz"}
    text = f"page {base}/   metrics {base}/metrics   health {base}/livez {base}/readyz"
    if any(isinstance(stream.source, WhipSource) for stream in settings.streams):
        paths["publish"] = WHIP
        text += f"   publish to {base}{WHIP}<stream>"
    return {name: base + path for name, path in paths.items()}, text


def reachable(host: str) -> str:
    """What others call an address that the service listens on."""
    name = socket.gethostname() if host in _EVERY else host
    return f"[{name}]" if ":" in name else name
