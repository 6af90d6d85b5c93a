"""What a worker knows of the others: which streams the service has, and who speaks for it."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path

from recognizers.files import write_whole
from streamer.broker import REMEMBERED
from streamer.home_assistant.announcing import FILE as ANNOUNCED
from streamer.home_assistant.names import slug
from streamer.workers.fence import Fence


class Neighbours:
    """See `streamer.commands.Others`. The supervisor says it all."""

    def __init__(self, fence: Fence | None = None) -> None:
        self._fence = fence
        self.streams: Collection[str] = frozenset()
        self.slots: Collection[str] = frozenset()
        """In which workers are, this one's too."""
        self.speaks = False

    def have(self, stream: str) -> bool:
        return stream in self.streams

    def may_publish(self) -> bool:
        return self._fence is None or self._fence.may_publish()


def leave_to_others(folder: Path, streams: Collection[str]) -> None:
    """Before a worker begins: what an earlier process of its slot retained at the broker is shown by others now, and
    must not be taken away; only what was of streams that are no more is its own to take away.

    Args:
        folder: the worker's.
        streams: all that the service has.
    """
    shown = _said(folder / REMEMBERED)
    topics = shown.get("topics")
    if isinstance(topics, list):
        left = [topic for topic in topics if not {*str(topic).split("/")} & {*streams}]
        write_whole(folder / REMEMBERED, json.dumps({"topics": left}).encode())
    slugs, announced = [f"_{slug(stream)}_" for stream in streams], _said(folder / ANNOUNCED)
    if announced:
        kept = {topic: parts for topic, parts in announced.items() if not any(one in topic for one in slugs)}
        write_whole(folder / ANNOUNCED, json.dumps(kept).encode())


def _said(file: Path) -> dict[str, object]:
    """An object of JSON; where there is none, nothing, and the file goes: what it should say is not known."""
    try:
        said = json.loads(file.read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError):
        said = None
    if isinstance(said, dict):
        return said
    file.unlink(missing_ok=True)
    return {}
