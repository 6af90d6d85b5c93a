"""A file that is read again, and what was changed while the service runs, as one configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from streamer.errors import ConfigError
from streamer.settings.joining import check_again, with_stream
from streamer.settings.sections import Settings, Stream


@dataclass(frozen=True, slots=True)
class Running:
    """What there is before."""

    of_file: Settings
    """What the file said."""
    settings: Settings
    """What runs."""
    added: Mapping[str, Mapping[str, Any]]
    """Sections of streams that the file does not have, as they were given."""


def merged(said: Settings, before: Running, beside: Path, environment: Mapping[str, str]) -> Settings:
    """What the file says now, with what was changed since and what the file has no say in.

    Raises:
        ConfigError: every mistake.
    """
    known = {one.id: one for one in before.of_file.streams}
    running = {one.id: one for one in before.settings.streams}
    streams: list[Stream] = []
    for one in said.streams:
        if one.id in before.added:
            words = f"streams: {one.id} was added while the service ran; give another id, or remove that stream"
            raise ConfigError([words])
        if known.get(one.id) != one:
            streams.append(one)
        elif one.id in running:
            streams.append(running[one.id])
    whole = before.settings.model_copy(update={"recognizers": said.recognizers, "streams": tuple(streams)})
    if streams:
        check_again(whole, beside, environment)
    for name, section in before.added.items():
        try:
            whole = with_stream(whole, section, beside, environment)
        except ConfigError as error:
            told = f"stream {name}, which was added while the service ran: "
            raise ConfigError([told + problem for problem in error.problems]) from error
    return whole
