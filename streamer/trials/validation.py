"""A whole validation: recordings by themselves, and those in which actions begin and end through the live path."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from recognizers.data.listing import Recording as Listed
from recognizers.data.track import Tick, Track
from recognizers.estimators.base import ActorDetector
from recognizers.metrics.library import scikit_learn
from recognizers.validation.material import Material
from recognizers.validation.network import asked
from recognizers.validation.validate import Wanted, validated
from streamer.trials.recording import Recording, film, session
from streamer.trials.trial import Trial, tried
from streamer.trials.watch import watch_of


async def validation(wanted: Wanted, detector: ActorDetector | None, tick: Tick) -> dict[str, Any]:
    """Every figure in plain keys.

    Raises:
        CheckpointMismatch: the checkpoint cannot be read.
        DataError: nor the data.
        LibraryMissing: scikit-learn is not installed.
        SourceRejected, SourceUnavailable: nor a film that shows none of the actions.
    """
    scikit_learn()  # before anything is looked at for minutes
    network = asked(wanted.checkpoint, wanted.threads)
    own, material = validated(network, wanted, detector, tick)
    figures: dict[str, Any] = {
        "checkpoint": wanted.checkpoint,
        "kind": network.card.kind,
        "data": wanted.data,
        "part": wanted.part,
        **own,
    }
    trial = Trial(
        sessions=_sessions(material, material.sessions),
        choosing=_sessions(material, material.choosing),
        negatives=tuple(film(path) for path in wanted.negatives),
    )
    if trial.sessions or trial.negatives:
        watch, recognizer = watch_of(wanted.checkpoint, network.card.kind, wanted.threads)
        events, thresholds = await tried(trial, watch, recognizer, wanted.false_alarms_per_hour, tick)
        figures |= events
        if wanted.false_alarms_per_hour is not None:
            figures["false_alarms_per_hour_budget"] = wanted.false_alarms_per_hour
            figures["negatives"] = [path.name for path in wanted.negatives]
            figures["thresholds"] = thresholds
            figures["within_budget"] = events["false_alarms_per_hour"] <= wanted.false_alarms_per_hour
    return figures


def _sessions(material: Material, some: Sequence[Listed | Track]) -> tuple[Recording, ...]:
    return tuple(session(one, material.labels, material.background) for one in some)
