"""What the live service would say of a film: for people who ask about one."""

from __future__ import annotations

from dataclasses import dataclass

from streamer.engine import LocalEngine
from streamer.event import ActionEvent, Phase
from streamer.replay import replay
from streamer.sources.base import Demand
from streamer.stages import StreamStages, Watch
from streamer.trials.recording import STREAM, Recording


@dataclass(frozen=True, slots=True)
class Told:
    """An action from its start to its end."""

    action: str
    start_s: float
    end_s: float
    score: float
    """The mean over it."""


async def told(recording: Recording, watch: Watch, engine: LocalEngine, demand: Demand) -> list[Told]:
    """What goes on in a recording, in the order of the ends.

    Raises:
        SourceRejected, SourceUnavailable: it cannot be read.
        RecognizerError: the network cannot be asked.
    """
    engine.forget(STREAM)
    stages = StreamStages(STREAM, [watch])
    events = replay(stages, {watch.recognizer: engine}, recording.frames(demand, 1), 1)
    return [_told(event) async for event in events if isinstance(event, ActionEvent) and event.phase is Phase.ENDED]


def _told(event: ActionEvent) -> Told:
    return Told(event.action, event.started_at, event.started_at + (event.duration_s or 0.0), event.score)
