"""Replaying recorded files through one stream of a configuration."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing
from pathlib import Path

from streamer.build import build_models, build_watches, demand_of, lookout_of, recording
from streamer.clock import SystemClock
from streamer.engine import LocalEngine
from streamer.errors import ConfigError
from streamer.event import Event, Reason
from streamer.frame import Frame
from streamer.replay import replay
from streamer.settings import Settings, Stream
from streamer.sources.base import Demand
from streamer.sources.libav import LibavSource
from streamer.sources.recorded import recorded_s
from streamer.stages import StreamStages
from streamer.wire import headline, message_of

Show = Callable[[Mapping[str, object], str], None]


async def replay_files(
    settings: Settings, stream_id: str | None, files: Sequence[Path], start_at: float, show: Show
) -> Counter[str]:
    """Show the events of each file, one epoch a file, in order. The first begins at `start_at` (Unix seconds), each
    other where the one before ended. Returns how many answers of each watch were no numbers, and so said nothing.

    Raises:
        ConfigError: no such stream, or several and none named.
        SourceRejected: a file is no video.
    """
    stream = _stream(settings, stream_id)
    models = build_models(settings.model_copy(update={"streams": (stream,)}), runtime="torch")
    watches = build_watches(stream, models)
    stages = StreamStages(stream.id, watches)
    async with AsyncExitStack() as stack:
        engines = {
            name: await stack.enter_async_context(LocalEngine(name, one.recognizer)) for name, one in models.items()
        }
        shown, senseless = _Shown(show), Counter[str]()
        try:
            for path in files:
                film = _Film(path, start_at, stream, demand_of(watches))
                async with aclosing(replay(stages, engines, film.frames(), film.epoch, senseless)) as events:
                    async for event in events:
                        shown.show(event)
                start_at += film.length_s
        finally:
            for event in stages.close(Reason.SOURCE_ENDED):
                shown.show(event)
    return senseless


class _Shown:
    """Numbers events as an outbox would."""

    def __init__(self, show: Show) -> None:
        self._show, self._seq = show, 0

    def show(self, event: Event) -> None:
        self._seq += 1
        body = {**message_of(event, "replay").body, "seq": self._seq, "term": 1}
        self._show(body, f"{body['at']}  {headline(event)}")


class _Film:
    """One file as one epoch."""

    def __init__(self, path: Path, start_at: float, stream: Stream, demand: Demand) -> None:
        address, clock = recording(path, start_at), SystemClock()
        self.length_s = recorded_s(address, clock) or 0.0
        """As the file says; where it says nothing, or too little, up to its newest picture so far."""
        self.epoch = _epoch(path, start_at)
        self._source = LibavSource(stream.id, address, demand, clock, lookout=lookout_of(stream.sight))

    async def frames(self) -> AsyncGenerator[Frame, None]:
        async with aclosing(self._source.frames(self.epoch)) as frames:
            async for frame in frames:
                self.length_s = max(self.length_s, frame.media_s)
                yield frame


def _epoch(path: Path, start_at: float) -> int:
    """The same for the same film at the same time, another for any other: ids of events are made of it."""
    with path.open("rb") as film:
        digest = hashlib.file_digest(film, lambda: hashlib.blake2b(str(start_at).encode(), digest_size=6))
    return int.from_bytes(digest.digest())


def _stream(settings: Settings, stream_id: str | None) -> Stream:
    known = {stream.id: stream for stream in settings.streams}
    if stream_id is None and len(known) == 1:
        return settings.streams[0]
    if stream_id not in known:
        words = (
            f"--stream: give one of {', '.join(known)}"
            if known
            else "streams: has none; the recording needs one whose watches it is for"
        )
        raise ConfigError([words])
    return known[stream_id]
