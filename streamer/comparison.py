"""How a candidate compares with the network that it may replace: clip by clip and event by event. Pure."""

from __future__ import annotations

import math
from collections import Counter, defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from recognizers.prediction import Prediction
from streamer.event import ActionEvent, Phase, Reason

EVENT_TOLERANCE_S = 1.0
"""Starts and ends that lie no further apart are the same one."""
MOST_PAIRS = 64
"""Pairs of labels that are told apart; further ones are `other`."""
_CLIPS, _EVENTS = 8, 32
"""What is remembered of a watch until its counterpart comes."""

MOST_TOLD = 10
"""Of those pairs, the most frequent ones."""

Watched = tuple[str, str]
"""(stream, watch)"""


def disagreements(pairs: Counter[tuple[str, str]]) -> list[dict[str, object]]:
    """Of (live, shadow), how many clips; the most frequent first, as they are told."""
    return [{"live": live, "shadow": shadow, "clips": count} for (live, shadow), count in pairs.most_common(MOST_TOLD)]


class Observer(Protocol):
    def compared(self, recognizer: str, live: str, shadow: str) -> None:
        """A clip was answered by both; the labels that each thought best."""
        ...

    def shadow_event(self, recognizer: str, kind: str, action: str, phase: str) -> None:
        """`kind`: live, shadow, or matched for one that both have."""
        ...


@dataclass(frozen=True, slots=True)
class _Said:
    epoch: int
    end: float
    label: str


class Comparison:
    """Of one candidate with the live network, over all streams since it began to watch.

    Either may answer first. A clip is compared where both have answered it: with the same clips exactly, otherwise with
    the one that ends nearest, at most `apart_s` away.
    """

    def __init__(
        self, recognizer: str, live: Sequence[str], shadow: Sequence[str], apart_s: float, observer: Observer
    ) -> None:
        """`live` and `shadow` are labels."""
        self._recognizer, self._observer = recognizer, observer
        self._labels = {"live": tuple(live), "shadow": tuple(shadow)}
        self._apart_s = apart_s
        self._said: dict[tuple[str, Watched], deque[_Said]] = defaultdict(lambda: deque(maxlen=_CLIPS))
        self._begun: dict[tuple[str, Watched, str, Phase], deque[float]] = defaultdict(lambda: deque(maxlen=_EVENTS))
        self.clips = 0
        self.agreed = 0
        self.pairs: Counter[tuple[str, str]] = Counter()
        """(live, shadow) of clips on which they disagreed."""
        self.events: Counter[tuple[str, str, Phase]] = Counter()
        """By who (live, shadow, matched), action and phase."""

    def live(self, prediction: Prediction, events: Sequence[ActionEvent]) -> bool:
        """What the live network said; whether that showed a disagreement."""
        return self._add("live", prediction, events)

    def shadow(self, prediction: Prediction, events: Sequence[ActionEvent]) -> bool:
        """What the candidate said, and what its events would have been; likewise."""
        return self._add("shadow", prediction, events)

    def report(self) -> dict[str, object]:
        """Everything so far, for people and machines."""
        actions = sorted({action for _, action, _ in self.events})
        return {
            "clips": self.clips,
            "agreement": round(self.agreed / self.clips, 4) if self.clips else None,
            "disagreements": disagreements(self.pairs),
            "events": {
                action: {
                    who: {str(phase): self.events[who, action, phase] for phase in (Phase.STARTED, Phase.ENDED)}
                    for who in ("live", "shadow", "matched")
                }
                for action in actions
            },
        }

    def _add(self, who: str, prediction: Prediction, events: Sequence[ActionEvent]) -> bool:
        watched = (prediction.stream, prediction.watch)
        for event in events:
            if event.reason in (None, Reason.COMPLETED):
                self._match(who, watched, event)
        if not prediction.is_finite:
            return False
        said = _Said(prediction.epoch, prediction.end, self._labels[who][int(prediction.scores.argmax())])
        others = self._said[_other(who), watched]
        near = min(others, key=lambda one: _distance(one, said), default=None)
        if near is None or _distance(near, said) > self._apart_s:
            self._said[who, watched].append(said)
            return False
        others.remove(near)
        live, shadow = (said.label, near.label) if who == "live" else (near.label, said.label)
        return self._compared(live, shadow)

    def _compared(self, live: str, shadow: str) -> bool:
        self.clips += 1
        if live == shadow:
            self.agreed += 1
        else:
            known = (live, shadow) in self.pairs or len(self.pairs) < MOST_PAIRS
            live, shadow = (live, shadow) if known else ("other", "another")
            self.pairs[live, shadow] += 1
        self._observer.compared(self._recognizer, live, shadow)
        return live != shadow

    def _match(self, who: str, watched: Watched, event: ActionEvent) -> None:
        self._count(who, event)
        theirs = self._begun[_other(who), watched, event.action, event.phase]
        near = min(theirs, key=lambda at: abs(at - event.at), default=math.inf)
        if abs(near - event.at) <= EVENT_TOLERANCE_S:
            theirs.remove(near)
            self._count("matched", event)
        else:
            self._begun[who, watched, event.action, event.phase].append(event.at)

    def _count(self, who: str, event: ActionEvent) -> None:
        self.events[who, event.action, event.phase] += 1
        self._observer.shadow_event(self._recognizer, who, event.action, str(event.phase))


def _other(who: str) -> str:
    return "shadow" if who == "live" else "live"


def _distance(one: _Said, other: _Said) -> float:
    return abs(one.end - other.end) if one.epoch == other.epoch else math.inf
