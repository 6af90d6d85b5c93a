"""Replaying recorded files through one stream of a configuration."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing
from pathlib import Path

from streamer.build import build_recognizers, build_watches, demand_of, recording
from streamer.clock import SystemClock
from streamer.engine import LocalEngine
from streamer.errors import ConfigError
from streamer.replay import replay
from streamer.settings import Settings, Stream
from streamer.sources.libav import LibavSource
from streamer.stages import StreamStages
from streamer.wire import action_message

Show = Callable[[Mapping[str, object], str], None]


async def replay_files(
    settings: Settings, stream_id: str | None, files: Sequence[Path], start_at: float, show: Show
) -> None:
    """Show the events of each file, one epoch a file, in order.

    Raises:
        ConfigError: no such stream, or several and none named.
        SourceRejected: a file is no video.
    """
    stream = _stream(settings, stream_id)
    recognizers = build_recognizers(settings.model_copy(update={"streams": (stream,)}))
    watches = build_watches(stream, recognizers)
    stages = StreamStages(stream.id, watches)
    async with AsyncExitStack() as stack:
        engines = {name: await stack.enter_async_context(LocalEngine(name, one)) for name, one in recognizers.items()}
        seq = 0
        for epoch, path in enumerate(files, start=1):
            source = LibavSource(stream.id, recording(path, start_at), demand_of(watches), SystemClock())
            async with aclosing(replay(stages, engines, source.frames(epoch), epoch)) as events:
                async for event in events:
                    seq += 1
                    message = action_message(event, "replay")
                    body = {**message.body, "seq": seq, "term": 0}
                    show(body, f"{body['at']}  {event.phase:8} {event.action}  {event.score:.2f}")


def _stream(settings: Settings, stream_id: str | None) -> Stream:
    known = {stream.id: stream for stream in settings.streams}
    if stream_id is None and len(known) == 1:
        return settings.streams[0]
    if stream_id not in known:
        raise ConfigError([f"--stream: give one of {', '.join(known)}"])
    return known[stream_id]
