"""A stream as the API shows it: plain values, without secrets."""

from __future__ import annotations

from collections.abc import Mapping

from streamer.board.tally import WINDOWS
from streamer.following import Following, Seen
from streamer.settings import Source, Stream
from streamer.sources.redact import redact
from streamer.stages import Watch
from streamer.stream_words import words

View = Mapping[str, object]


def stream_view(section: Stream, origin: str, following: Following) -> View:
    """What is configured of a stream, what is known of it now, and the latest documents of its watches."""
    seen = following.seen(section.id)
    watches = following.stages(section.id).watches.values()
    return {**_head(section, origin, seen), "watches": [_watch(section.id, watch, following) for watch in watches]}


def _head(section: Stream, origin: str, seen: Seen) -> dict[str, object]:
    return {
        "id": section.id,
        "source": {"kind": section.source.kind, "url": address(section.source)},
        "origin": origin,
        "state": seen.state,
        "reason": seen.reason,
        "words": words(seen.state, seen.reason, seen.blind),
        "detail": seen.detail,
        "since_at": seen.since_at,
        "epoch": seen.epoch,
        "fps": round(seen.fps, 1),
        "blind": seen.blind,
    }


def address(source: Source) -> str:
    """Where pictures come from, without secrets; empty where they are brought."""
    if source.kind == "whip":
        return ""
    return str(source.path) if source.kind == "file" else redact(source.url.get_secret_value())


def _watch(stream: str, watch: Watch, following: Following) -> View:
    topic = f"{stream}/{watch.id}"
    region = watch.region
    return {
        "id": watch.id,
        "recognizer": watch.recognizer,
        "labels": [label for label in watch.labels if label != watch.background],
        "region": [region.left, region.top, region.right, region.bottom],
        "procedure": None if watch.procedure is None else watch.procedure.name,
        "state": following.shown(f"{topic}/state"),
        "andon": following.shown(f"{topic}/andon"),
        "last": {window: following.shown(f"{topic}/last/{window}") for window in WINDOWS},
    }
