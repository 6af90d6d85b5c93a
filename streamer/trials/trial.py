"""All recordings of a trial, and what comes of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from recognizers.data.track import Tick
from recognizers.recognizer import Recognizer
from streamer.engine import LocalEngine
from streamer.stages import Watch
from streamer.trials.recording import Recording
from streamer.trials.report import event_figures, false_alarms, segment_figures
from streamer.trials.thresholds import chosen, with_thresholds
from streamer.trials.watching import Watched, watched


@dataclass(frozen=True, slots=True)
class Trial:
    """What a watch is tried on."""

    sessions: tuple[Recording, ...]
    """Actions begin and end in them: for figures."""
    choosing: tuple[Recording, ...]
    """Others of the kind, for the choice of thresholds; where there is none, `negatives` alone decide."""
    negatives: tuple[Recording, ...]
    """They show none of the actions."""


async def tried(
    trial: Trial, watch: Watch, recognizer: Recognizer, budget: float | None, tick: Tick
) -> tuple[dict[str, Any], dict[str, float]]:
    """Figures of events, and the thresholds that they rest on.

    Args:
        budget: false alarms an hour for which thresholds are chosen; `None`: the watch's rules stay as they are.

    Raises:
        SourceRejected, SourceUnavailable, RecognizerError: a recording cannot be looked at.
    """
    async with LocalEngine(watch.recognizer, recognizer) as engine:

        async def seen(some: Sequence[Recording], what: str) -> list[Watched]:
            looked = []
            for number, one in enumerate(some, 1):
                looked.append(await watched(one, watch, engine))
                tick(what, number, len(some))
            return looked

        negatives = await seen(trial.negatives, "watching negatives")
        choosing = await seen(trial.choosing, "watching for thresholds") if budget is not None else []
        sessions = await seen(trial.sessions, "watching sessions")
    thresholds = {} if budget is None else chosen(watch, negatives, choosing, budget)
    rules = with_thresholds(watch, thresholds)
    figures: dict[str, Any] = {}
    if sessions:
        figures |= event_figures(sessions, watch, rules)
        if all(prediction.exclusive for one in sessions for prediction in one.predictions):
            figures |= segment_figures(sessions, watch)
    if negatives:
        figures |= false_alarms(negatives, watch, rules)
    return figures, thresholds
