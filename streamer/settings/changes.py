"""What is different between two configurations, and what of it can be applied while the service runs. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from streamer.settings.sections import Settings, Stream

LIVE = ("streams", "recognizers")
"""Sections whose changes are applied at once."""


@dataclass(frozen=True, slots=True)
class Changes:
    """Ids of streams, in the order of the configuration."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    later: tuple[str, ...] = ()
    """Sections that take effect at the next start."""

    @property
    def touches_any(self) -> bool:
        return bool(self.added or self.changed or self.removed)


def compare(before: Settings, after: Settings, renewed: Collection[Path] = ()) -> Changes:
    """What becomes of each stream. One is changed where its section is, or one of its recognizers, or a procedure
    that it follows (`renewed`: files that say something else now)."""
    known = {stream.id: stream for stream in before.streams}
    wanted = {stream.id: stream for stream in after.streams}
    other = {
        name
        for name, section in after.recognizers.items()
        if name in before.recognizers and before.recognizers[name] != section
    }
    changed = {
        id_
        for id_, stream in wanted.items()
        if id_ in known and (stream != known[id_] or _concerned(stream, other, renewed))
    }
    return Changes(
        added=tuple(id_ for id_ in wanted if id_ not in known),
        changed=tuple(id_ for id_ in wanted if id_ in changed),
        removed=tuple(id_ for id_ in known if id_ not in wanted),
        unchanged=tuple(id_ for id_ in wanted if id_ in known and id_ not in changed),
        later=tuple(
            name for name in Settings.model_fields if name not in LIVE and getattr(before, name) != getattr(after, name)
        ),
    )


def procedures_of(settings: Settings) -> tuple[Path, ...]:
    """Files that a configuration names and whose content is part of it."""
    named = (watch.procedure for stream in settings.streams for watch in stream.watches)
    return tuple(dict.fromkeys(path for path in named if path is not None))


def _concerned(stream: Stream, recognizers: Collection[str], renewed: Collection[Path]) -> bool:
    return any(watch.recognizer in recognizers or watch.procedure in renewed for watch in stream.watches)
