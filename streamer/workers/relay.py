"""What a worker tells those who look on, over the line: said by the worker, heard by the supervisor."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any, Protocol
from uuid import UUID

import numpy as np

from recognizers.prediction import Prediction
from streamer.audience import Acknowledge, Onlookers
from streamer.clock import Clock
from streamer.errors import NotNow
from streamer.feed import BEST, SCORES_S
from streamer.sources.reconnect import Change
from streamer.views import StreamView, WatchView
from streamer.wire import Message


class Tell(Protocol):
    def __call__(self, what: str, **rest: object) -> None: ...


class Relay:
    """See `Audience`: what a worker's streams do, told over the line."""

    def __init__(self, tell: Tell, clock: Clock) -> None:
        self._tell, self._clock = tell, clock
        self._acknowledge: Acknowledge | None = None
        self._scored_s: dict[tuple[str, str], float] = {}

    async def run(self) -> None:
        """Nothing is to be done between."""

    def joins(self, acknowledge: Acknowledge) -> None:
        self._acknowledge = acknowledge

    def acknowledge(self, stream: str, watch: str, payload: bytes) -> None:
        """As `Onlookers.acknowledge`."""
        if self._acknowledge is None:
            raise NotNow("the service is starting")
        self._acknowledge(stream, watch, payload)

    def stored(self, messages: Sequence[Message]) -> None:
        self._tell("stored", messages=[{**asdict(one), "key": one.key.hex} for one in messages])

    def shown(self, topic: str, body: Mapping[str, object]) -> None:
        self._tell("shown", topic=topic, body=body)

    def changed(self, stream: str, change: Change) -> None:
        self._tell("changed", stream=stream, change=asdict(change))

    def decoded(self, stream: str, pictures: int) -> None:
        self._tell("decoded", stream=stream, pictures=pictures)

    def came(self, view: StreamView) -> None:
        self._tell("came", view=asdict(view))

    def went(self, stream: str) -> None:
        for key in [key for key in self._scored_s if key[0] == stream]:
            del self._scored_s[key]
        self._tell("went", stream=stream)

    def answered(self, prediction: Prediction, labels: Sequence[str]) -> None:
        now_s, key = self._clock.monotonic(), (prediction.stream, prediction.watch)
        if now_s - self._scored_s.get(key, float("-inf")) < SCORES_S or not prediction.is_finite:
            return
        self._scored_s[key] = now_s
        best = prediction.scores.argsort()[::-1][:BEST]
        scores = {labels[n]: round(float(prediction.scores[n]), 4) for n in best}
        self._tell("answered", stream=key[0], watch=key[1], at=prediction.captured_at, scores=scores)


class Heard:
    """The supervisor's end for one worker: tells the onlookers what that tells.

    A stream that another worker has by now is not this one's to speak of: `owns` says whether it is.
    """

    def __init__(self, onlookers: Onlookers, owns: Callable[[str], bool]) -> None:
        self._onlookers, self._owns = onlookers, owns

    def __call__(self, said: Mapping[str, Any]) -> None:
        onlookers, stream = self._onlookers, str(said.get("stream", ""))
        match said["tell"]:
            case "stored":  # whoever stored it: what is accepted is delivered
                onlookers.stored([message_of(one) for one in said["messages"]])
            case "shown" if self._owns(str(said["topic"]).partition("/")[0]):
                onlookers.shown(said["topic"], said["body"])
            case "came" if self._owns(said["view"]["id"]):
                view = view_of(said["view"])
                onlookers.came(replace(view, origin=onlookers.register.view(view.id).origin))
            case "changed" if self._owns(stream):
                onlookers.changed(stream, Change(**said["change"]))
            case "decoded" if self._owns(stream):
                onlookers.decoded(stream, said["pictures"])
            case "answered" if self._owns(stream):
                onlookers.answered(*_prediction(said))


def message_of(said: Mapping[str, Any]) -> Message:
    return Message(**{**said, "key": UUID(hex=said["key"])})


def view_of(said: Mapping[str, Any]) -> StreamView:
    watches = tuple(
        WatchView(**{**one, "labels": tuple(one["labels"]), "region": tuple(one["region"])}) for one in said["watches"]
    )
    return StreamView(**{**said, "watches": watches})


def _prediction(said: Mapping[str, Any]) -> tuple[Prediction, Sequence[str]]:
    scores: Mapping[str, float] = said["scores"]
    at, values = float(said["at"]), np.array(list(scores.values()), np.float32)
    return Prediction(said["stream"], said["watch"], 0, 0, 0.0, 0.0, at, 0.0, values), list(scores)
