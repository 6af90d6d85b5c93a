"""Keeps an eye on live networks: whether what they see is still what they were taught, and what is worth a label."""

from __future__ import annotations

import logging
from typing import Protocol

from recognizers.clip import Clip
from recognizers.prediction import Prediction
from streamer.drift import Drift, Measure
from streamer.evidence.privacy import Redactor
from streamer.hard_examples import HardExamples
from streamer.model import Model

_log = logging.getLogger(__name__)

_WORDS = {
    "scores": "its best scores spread otherwise than on the clips that it was calibrated on (index %.2f)",
    "unfamiliar": "it knows %.0f %% of its clips less well than nineteen of twenty of those that it was calibrated on",
    "distant": "%.0f %% of its clips are further from what it was taught than nineteen of twenty of its own",
    "abstained": "it abstains on %.0f %% of its clips",
}
_REMEDY = "look at the cameras, and whether people, tools or light have changed; label clips of now and train anew"


class Observer(Protocol):
    def drift(self, recognizer: str, measure: Measure) -> None: ...

    def no_drift(self, recognizer: str) -> None:
        """Another network is live; nothing is known of it yet."""
        ...


class Sustain:
    """Of a worker. Lives on the event loop."""

    def __init__(self, observer: Observer, hard_examples: HardExamples | None) -> None:
        self._observer, self._hard_examples = observer, hard_examples
        self._drifts: dict[str, tuple[str, Drift | None]] = {}
        """By recognizer, with the id of the network that is meant."""

    def saw(self, recognizer: str, model: Model, clip: Clip, prediction: Prediction, disagreed: bool) -> None:
        """An answer of a live network; `disagreed`: its shadow sees the clip otherwise."""
        if self._drifts.get(recognizer, ("", None))[0] != model.id:
            self._drifts[recognizer] = (model.id, None if model.usual is None else Drift(model.usual))
            self._observer.no_drift(recognizer)
        drift = self._drifts[recognizer][1]
        for measure in () if drift is None else drift.observe(prediction):
            self._observer.drift(recognizer, measure)
            if measure.changed:
                _tell(recognizer, measure)
        self.may_be_hard(recognizer, model, clip, prediction, disagreed)

    def may_be_hard(self, recognizer: str, model: Model, clip: Clip, prediction: Prediction, disagreed: bool) -> None:
        if self._hard_examples is not None:
            self._hard_examples.offer(recognizer, model, clip, prediction, disagreed)

    def forget(self, recognizer: str) -> None:
        """Nobody uses it any more."""
        if self._drifts.pop(recognizer, None) is not None:
            self._observer.no_drift(recognizer)

    def hide(self, stream: str, redactor: Redactor | None) -> None:
        """See `HardExamples.hide`."""
        if self._hard_examples is not None:
            self._hard_examples.hide(stream, redactor)

    def close(self) -> None:
        if self._hard_examples is not None:
            self._hard_examples.close()


def _tell(recognizer: str, measure: Measure) -> None:
    value = measure.value if measure.name == "scores" else 100 * measure.value
    words = _WORDS[measure.name] % value
    if measure.drifted:
        _log.warning("recognizer %s drifts: %s; %s", recognizer, words, _REMEDY)
    else:
        _log.info("recognizer %s sees what it was taught again: %s", recognizer, words)
