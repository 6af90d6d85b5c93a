"""What goes on, decoded from scores and usual durations a little late. Pure."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Collection, Iterator, Mapping

import numpy as np

from recognizers.prediction import Prediction
from streamer.decoder import Numbers, StepDecoder, StepModel
from streamer.segmenter.changes import Begun, Change, Over
from streamer.segmenter.rules import Decoding, EventRule

LEAST = 0.01
"""A score is never believed to be less: networks are sure of what is wrong, too."""
BEAM = 64
LONGEST_S = 60.0
"""Of actions that are told apart by how long they have gone on."""
UNSEEN_S = 5.0
"""Without answers, after which nothing is expected to go on as it did."""
_SPREAD, _BETWEEN_SPREAD = 0.8, 1.5
"""Standard deviations of the logarithms of durations."""


class Decoded:
    """Of one watch in one epoch, of a network that says one label at a time.

    Scores are looked at on a grid of `tick_s`, by media time; where there was none, nothing was seen. Each moment is
    decided `lag_s` later, when what came after it counts too.
    """

    def __init__(
        self, labels: tuple[str, ...], background: str, rules: Mapping[str, EventRule], decoding: Decoding
    ) -> None:
        """`rules` of each action: `typical_s` and `cooldown_s` count; the others are not asked here."""
        self._decoding = decoding
        self._lag = math.ceil(decoding.lag_s / decoding.tick_s - 1e-9)
        self._place: int | None = None
        """On the grid, of the last moment."""
        self._moments: deque[tuple[float, Numbers | None]] = deque()
        """Media seconds of those that are not decided yet, and what was said then."""
        self._known_until = -math.inf
        self._scored = (0.0, 0)
        """Sum and number of the scores of what goes on."""
        self._action: str | None = None
        """What goes on, as far as it is decided."""
        self._stuck: str | None = None
        """What was given up and is still recognized."""
        self._quiet: dict[str, tuple[float, float]] = {}
        self._begin(labels, background, rules)

    def observe(self, prediction: Prediction) -> Iterator[list[Change]]:
        """Take the next prediction, of numbers and later than the one before; what was decided by it."""
        tick_s = self._decoding.tick_s
        place = round(prediction.end / tick_s)
        before = place - 1 if self._place is None else self._place
        if place <= before:
            return  # more often than asked for
        self._place = place
        # Of a long time without answers the rest says no more.
        for n in range(max(before + 1, place - self._lag - round(UNSEEN_S / tick_s)), place):
            yield from self._push(n * tick_s, None)
        yield from self._push(prediction.end, prediction.scores.astype(np.float64))

    @property
    def known_until(self) -> float:
        """Media seconds up to which all is decided."""
        return self._known_until

    def lasted_until(self, action: str) -> float:
        """Media seconds up to which an action that goes on is known to have done so."""
        return self._known_until

    def scored(self, action: str) -> tuple[float, int]:
        """The sum of its scores at the moments that were decided, and their number."""
        return self._scored

    def rising_since(self, action: str) -> float | None:
        """Nothing rises: what is decided is."""
        return None

    def hold_off(self, action: str, after: float, until: float) -> None:
        """It cannot begin between these moments."""
        self._quiet[action] = (after, until)

    def give_up(self, action: str, at: float) -> None:
        """What goes on was over at that moment; it cannot begin again before something else is recognized."""
        self._action, self._stuck = None, action

    def relabel(self, labels: tuple[str, ...], background: str, rules: Mapping[str, EventRule]) -> None:
        """Go on with the labels of another network, and its rules."""
        if self._action not in labels or self._action == background:
            self._action = None
        self._begin(labels, background, rules)

    def close(self) -> Iterator[list[Change]]:
        """Decide what is not decided yet."""
        for step in self._decoder.finish() if self._moments else ():
            yield self._decided(step)

    def _begin(self, labels: tuple[str, ...], background: str, rules: Mapping[str, EventRule]) -> None:
        self._labels, self._background, self._rules = labels, background, rules
        model = _model(labels, background, rules, self._decoding, self._action)
        self._decoder = StepDecoder(model, self._decoding.tick_s, self._lag, BEAM, LONGEST_S)
        self._moments.clear()

    def _push(self, at: float, scores: Numbers | None) -> Iterator[list[Change]]:
        # A prediction lies up to half a tick beside its place on the grid.
        self._moments.append((max(at, self._moments[-1][0] if self._moments else at), scores))
        looks = self._decoding.looks_per_s * self._decoding.tick_s
        decided = self._decoder.push(None if scores is None else np.log(np.maximum(scores, LEAST)) * looks)
        if decided is not None:
            yield self._decided(decided)

    def _decided(self, step: int) -> list[Change]:
        (at, scores), label = self._moments.popleft(), self._labels[step]
        self._known_until = max(at, self._known_until)
        changes = self._changed(label)
        if self._action is not None and scores is not None:
            total, count = self._scored
            self._scored = (total + float(scores[step]), count + 1)
        return changes

    def _changed(self, label: str) -> list[Change]:
        """Where something else goes on since the moment up to which all is known."""
        at, before = self._known_until, self._action
        if label != self._stuck:
            self._stuck = None
        after, until = self._quiet.get(label, (math.inf, math.inf))
        nothing = label in (self._background, self._stuck) or (label != before and after < at < until)
        if (action := None if nothing else label) == before:
            return []
        over = [] if before is None else [Over(before, at, *self._scored)]
        self._action, self._scored = action, (0.0, 0)
        return [*over, *([] if action is None else [Begun(action, at, self._decoder.sure)])]


def _model(
    labels: Collection[str],
    background: str,
    rules: Mapping[str, EventRule],
    decoding: Decoding,
    going_on: str | None,
) -> StepModel:
    """Any action may follow any other, and a pause is as likely as another action."""
    typical = [
        decoding.between_s if one == background else rules[one].typical_s or decoding.typical_s for one in labels
    ]
    pause = np.array([math.log(max(len(labels) - 1, 1)) if one == background else 0.0 for one in labels])
    first = pause if going_on is None else np.array([0.0 if one == going_on else math.log(LEAST) for one in labels])
    return StepModel(
        first=first,
        then=np.tile(pause, (len(labels), 1)),
        done=None,
        undone=None,
        mean=np.log(typical),
        spread=np.array([_BETWEEN_SPREAD if one == background else _SPREAD for one in labels]),
        seen=np.eye(len(labels)),
    )
