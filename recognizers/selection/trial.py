"""One candidate after the other: taught in short, judged on what was held out, timed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np

from recognizers.build import build_recognizer
from recognizers.card import Card
from recognizers.clip import Picture
from recognizers.cost import measured
from recognizers.data.actors import BenchPairData
from recognizers.data.ava import AvaData
from recognizers.data.skeletons import SkeletonData
from recognizers.data.track import Part, Sampling, Tick
from recognizers.errors import RecognizerError
from recognizers.selection.candidates import Candidate
from recognizers.selection.choice import Outcome
from recognizers.selection.kept import keep_outcome, kept_outcome
from recognizers.train.build import training_plan
from recognizers.train.loop import train
from recognizers.train.plan import TrainingPlan
from recognizers.train.watched import Progress

_SHOWN = 96
"""Pictures that candidates are timed on, again and again."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A candidate that cannot be tried here."""

    name: str
    why: str


@dataclass(frozen=True, slots=True)
class Terms:
    """What is the same for all candidates."""

    settings: Mapping[str, Any]
    """A training file's sections; its data, licence, jitter, and of its recipe how clips are varied."""
    folder: Path
    """For their checkpoints."""
    hop_s: float
    """Seconds from one decision to the next."""
    steps: int | None = None
    """Of each training, instead of those of the candidate."""


def tried(
    name: str, candidate: Candidate, terms: Terms, tick: Tick, told: Callable[[Progress], None]
) -> Outcome | LeftOut:
    """Teach, judge and time a candidate; one that cannot be tried is left out, and says why. What was tried with the
    same terms before is as it was; a training that was interrupted goes on."""
    sections, place = _sections(name, candidate, terms), terms.folder / f"{name}.json"
    if (known := kept_outcome(place, sections)) is not None:
        return known
    try:
        plan = training_plan(sections)
        began = time.perf_counter()
        card = train(plan, tick, told)
        outcome = _outcome(name, card, plan, time.perf_counter() - began, tick)
        keep_outcome(place, sections, outcome)
    except RecognizerError as error:
        return LeftOut(name, str(error))
    return outcome


def _sections(name: str, candidate: Candidate, terms: Terms) -> dict[str, Any]:
    network = {"size": "small", "numbers": {}, "multilabel": False, **candidate.network, "hop_s": terms.hop_s}
    network["multilabel"] = terms.settings["network"]["multilabel"]
    recipe = {**terms.settings["recipe"], **candidate.recipe}
    if terms.steps is not None:
        recipe["steps"] = terms.steps
    out = terms.folder / f"{name}.safetensors"
    return {**terms.settings, "network": network, "recipe": recipe, "out": out, "begin": None, "curves": None}


def _outcome(name: str, card: Card, plan: TrainingPlan, taught_s: float, tick: Tick) -> Outcome:
    held_out = card.trained["held_out"]
    options: dict[str, Any] = {"threads": 1, "runtime": "auto"}
    if (model := getattr(plan.data, "pose_model", None)) is not None:
        options["pose_model"] = model
    recognizer = build_recognizer(plan.kind, plan.out, options)
    cost = measured(recognizer, 1, "auto", _pictures(plan, recognizer.spec.short_side_px, tick))
    return Outcome(
        name=name,
        right=held_out["map"] if card.multilabel else held_out["top1"],
        clips=held_out["clips"],
        ece=held_out["ece"],
        ms_per_decision=cost.ms_per_decision,
        decisions_per_s=1 / card.spec.hop_s,
        parameters=card.trained["parameters"],
        taught_s=taught_s,
        checkpoint=str(plan.out),
    )


def _pictures(plan: TrainingPlan, side_px: int, tick: Tick) -> list[Picture] | None:
    """Of the data, since what is found in pictures costs more than where nothing is; none of data without pictures."""
    data = plan.data
    if isinstance(data, SkeletonData | BenchPairData | AvaData):
        return None
    held_out: Part = "held_out"
    tracks = data.load(Sampling(1 / plan.spec.interval_s, side_px), tick, parts=(held_out,)).held_out
    some: Iterator[Picture] = chain.from_iterable(track.pictures[np.arange(len(track.labels))] for track in tracks)
    return list(islice(some, _SHOWN))
