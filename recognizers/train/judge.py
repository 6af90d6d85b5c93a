"""What a trained network is: its card."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any, cast

from torch import nn

from recognizers.card import Abstain, Card
from recognizers.train.lessons import Lessons
from recognizers.train.plan import TrainingPlan
from recognizers.train.usual import usual_of
from recognizers.train.validate import Answers, figures, fitted_temperature, known_above
from recognizers.transforms import MEAN, STD


def card_of(plan: TrainingPlan, lessons: Lessons, calibration: Answers, trained: Mapping[str, object]) -> Card:
    """A card whose temperature, and where it abstains, are of the answers to the calibration part."""
    card = Card(
        kind=plan.kind,
        labels=lessons.labels,
        background=lessons.background,
        spec=plan.spec,
        crop_px=plan.crop_px,
        mean=MEAN,
        std=STD,
        network=asdict(cast(Any, plan.size)),
        temperature=fitted_temperature(calibration),
        multilabel=plan.multilabel,
        licence=plan.licence,
    )
    known = known_above(calibration, card, plan.recipe.abstain or 0.01)
    if plan.recipe.abstain > 0 and known:
        card = replace(card, abstain=Abstain("max_logit", known["max_logit"]))
    told = {
        "data": lessons.description,
        "fingerprint": lessons.fingerprint,
        "begin": "" if plan.begin is None else plan.begin.name,
        "recipe": {**asdict(plan.recipe), "mirrored": dict(plan.recipe.mirrored)},
        "jitter": asdict(plan.jitter),
        **trained,
        "known_above": known,
    }
    return replace(card, trained=told)


def judged(network: nn.Module, plan: TrainingPlan, lessons: Lessons, step: int) -> Card:
    """The card of a network after its last step, with figures of what it never saw."""
    calibration, held_out = lessons.judged(network, "calibration"), lessons.judged(network, "held_out")
    card = card_of(plan, lessons, calibration, {})
    parameters = sum(parameter.numel() for parameter in network.parameters())
    told = {"step": step, "parameters": parameters, "held_out": figures(held_out, card)}
    return replace(card, usual=usual_of(calibration, held_out, card), trained={**card.trained, **told})
