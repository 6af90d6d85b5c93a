"""What events of a watch are worth, as figures: plain keys, fractions of 1, seconds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from recognizers.metrics.events import TOLERANCES_S, Matches, most_per_hour, per_hour, percentile
from recognizers.metrics.segments import OVERLAPS, Video, edit_score, moment_accuracy, segment_f1
from streamer.stages import Watch
from streamer.trials.watching import Rules, Watched, hours, judged

TOLERANCE_S = max(TOLERANCES_S)
"""Of the figures that stand for themselves (a narrower one would leave out the late ones, and delays would look too
good); all of `TOLERANCES_S` are given beside them."""


def event_figures(some: Sequence[Watched], watch: Watch, rules: Rules) -> dict[str, Any]:
    """Events beside what happened, one to one. Delays are from a real start to its decision; `start_error` is how much
    later than it was the event says that the action began."""
    by_tolerance = {tolerance: judged(some, watch, rules, tolerance) for tolerance in TOLERANCES_S}
    mine = by_tolerance[TOLERANCE_S]
    errors = [found.start_s - done.start_s for done, found in mine.pairs]
    return {
        "recordings": len(some),
        "happenings": len(mine.pairs) + len(mine.missed),
        "tolerance_s": TOLERANCE_S,
        **{f"event_{name}": value for name, value in _shares(mine).items()},
        "events": {f"{tolerance:g}": _shares(matches) for tolerance, matches in by_tolerance.items()},
        "delay_p50_s": _rounded(percentile(mine.delays_s, 0.5)),
        "delay_p95_s": _rounded(percentile(mine.delays_s, 0.95)),
        "start_error_p50_s": _rounded(percentile(errors, 0.5)),
    }


def false_alarms(negatives: Sequence[Watched], watch: Watch, rules: Rules) -> dict[str, Any]:
    """What begins in recordings that show none of the actions, and how many that leaves possible."""
    found = [one for negative in negatives for one in negative.found(watch, rules)]
    watched = hours(negatives)
    return {
        "negative_hours": round(watched, 4),
        "false_alarms": len(found),
        "false_alarms_per_hour": _rounded(per_hour(len(found), watched)),
        "false_alarms_per_hour_at_most": _rounded(most_per_hour(len(found), watched)),
        "false_alarms_by_action": {
            action: sum(one.action == action for one in found) for action in sorted({one.action for one in found})
        },
    }


def segment_figures(some: Sequence[Watched], watch: Watch) -> dict[str, Any]:
    """Of the best label at each hop: segments and their order (ms-tcn), and the share of moments."""
    background = watch.labels.index(watch.background)
    videos = [_moments(one, watch) for one in some]
    return {
        **{f"f1_{overlap * 100:g}": _rounded(segment_f1(videos, background, overlap)) for overlap in OVERLAPS},
        "edit": _rounded(edit_score(videos, background)),
        "moment_accuracy": _rounded(moment_accuracy(videos)),
    }


def _moments(one: Watched, watch: Watch) -> Video:
    """What was said of each clip, and what is true in the middle of its newer half, which an answer is about."""
    said = np.array([int(prediction.scores.argmax()) for prediction in one.predictions], np.int64)
    return said, np.array([_true(one, watch, prediction.end - watch.spec.span_s / 4) for prediction in one.predictions])


def _true(one: Watched, watch: Watch, at_s: float) -> int:
    action = next((done.action for done in one.happened if done.start_s <= at_s < done.end_s), watch.background)
    return watch.labels.index(action)


def _shares(matches: Matches) -> dict[str, float | None]:
    return {
        "precision": _rounded(matches.precision),
        "recall": _rounded(matches.recall),
        "f1": _rounded(matches.f1),
    }


def _rounded(value: float) -> float | None:
    """`None` where there was nothing to count: JSON knows neither NaN nor infinity."""
    return round(float(value), 4) if math.isfinite(value) else None
