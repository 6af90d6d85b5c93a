"""Thresholds into a checkpoint's card."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from recognizers.card import Card
from recognizers.checkpoint import with_card

_TOLD = ("false_alarms_per_hour_budget", "negatives", "negative_hours", "false_alarms", "false_alarms_per_hour_at_most")


def store_thresholds(path: Path, out: Path, figures: Mapping[str, Any]) -> None:
    """Write a checkpoint whose card has the thresholds of a validation and tells how they were chosen.

    Raises:
        CheckpointMismatch, OSError: as `with_card`.
    """
    thresholds = dict(figures["thresholds"])
    told = {key: figures[key] for key in _TOLD}

    def with_thresholds(card: Card) -> Card:
        return replace(card, thresholds=thresholds, trained={**card.trained, "thresholds": told})

    with_card(path, out, with_thresholds)
