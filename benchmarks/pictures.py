"""Pictures: the simulated work cell, judged by operators that no network has seen.

Tightening and loosening show the same pictures in opposite order. `backwards` is the share right of whole clips of
either; `reversed` is the share right when the very same clips are played backwards, so that each shows the other
action: who does not see order says the same of both, and is right of one of them.

All networks are of the size that is meant for two CPU cores, and learn by one recipe from the same sessions; each looks
at as many pictures as it is made for. Milliseconds are those of a whole clip, everything anew (optical flow
included), on one thread of a CPU; live, pictures that clips share are looked at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from itertools import pairwise
from typing import Any, cast

import numpy as np
import torch
from torch import nn

from benchmarks.asked import Asked
from benchmarks.cost import cost
from benchmarks.results import Results
from benchmarks.rows import Row
from recognizers.checkpoint import load
from recognizers.clip import ClipSpec
from recognizers.data.sets import Sampling, Tick, WorkCellData
from recognizers.data.synthetic import LABELS
from recognizers.data.track import DataSet, Track
from recognizers.data.windows import Jitter
from recognizers.families import FAMILIES, network_of
from recognizers.train.loop import Progress, train
from recognizers.train.plan import TrainingPlan
from recognizers.train.recipe import Recipe
from recognizers.train.validate import answers

PAIR = ("tighten", "loosen")
CROP_PX, INTERVAL_S, HOP_S = 96, 0.125, 0.25
_TOLD_EVERY = 50


@dataclass(frozen=True, slots=True)
class Course:
    """What all networks learn from, and how."""

    cell: WorkCellData
    recipe: Recipe


COURSE = Course(
    WorkCellData(seed=1000, sessions=72, session_s=40.0, held_out=15, elsewhere=80),
    Recipe(steps=1100, batch=16, rate=1.5e-3),
)
"""That of `bundled:cell`."""


@dataclass(frozen=True, slots=True)
class Contender:
    """A network of its kind's small size."""

    kind: str
    numbers: Mapping[str, Any] = field(default_factory=dict)
    """Other than that size has them."""

    @property
    def size(self) -> Any:
        return FAMILIES[self.kind].named("small", self.numbers)


CONTENDERS = {
    "single_frame": Contender("single_frame"),
    "two_stream": Contender("two_stream"),
    "crnn": Contender("crnn"),
    "slowfast": Contender("slowfast"),
    "two_stream early": Contender("two_stream", {"fusion": "early"}),
    "two_stream slow": Contender("two_stream", {"fusion": "slow"}),
    "two_stream conv": Contender("two_stream", {"fusion": "conv"}),
    "two_stream rnn": Contender("two_stream", {"temporal": "rnn"}),
}
UNASKED = ("single_frame", "two_stream", "crnn", "slowfast")
OURS, BASELINE = "slowfast", "single_frame"


@dataclass(frozen=True, slots=True)
class DrawnOnce(WorkCellData):
    """The same sessions for every network: drawing them takes minutes."""

    def load(self, sampling: Sampling, tick: Tick) -> DataSet:
        return _drawn(self, sampling, tick)


@cache
def _drawn(data: DrawnOnce, sampling: Sampling, tick: Tick) -> DataSet:
    return WorkCellData.load(data, sampling, tick)


def plan(network: str, seed: int, asked: Asked, course: Course) -> TrainingPlan:
    """One training."""
    contender = CONTENDERS[network]
    return TrainingPlan(
        kind=contender.kind,
        size=contender.size,
        spec=ClipSpec(contender.size.frames, INTERVAL_S, HOP_S, CROP_PX),
        crop_px=CROP_PX,
        data=DrawnOnce(**asdict(course.cell)),
        recipe=replace(course.recipe, steps=asked.steps or course.recipe.steps, seed=seed, device=asked.device),
        jitter=Jitter(),
        out=asked.kept / f"{network.replace(' ', '_')}-{seed}.safetensors",
    )


def table(asked: Asked, results: Results, tick: Tick, course: Course = COURSE) -> list[Row]:
    """A row for each network."""
    rows = []
    for network in asked.networks:
        shares = []
        for seed in range(1, asked.seeds + 1):
            trial = plan(network, seed, asked, course)
            setting = {
                "kind": trial.kind,
                "size": asdict(cast(Any, trial.size)),
                "cell": asdict(course.cell),
                "recipe": {key: value for key, value in asdict(trial.recipe).items() if key != "device"},
            }
            shares.append(results.of(f"cell: {network}, seed {seed}", setting, lambda: answered(trial, tick)))  # noqa: B023
            tick(f"work_cell {network}", seed, asked.seeds)
        rows.append(_row(network, shares, results))
    return rows


def answered(trial: TrainingPlan, tick: Tick) -> dict[str, float]:
    """Train, then ask about the operators that were held out: shares that are right."""

    def told(progress: Progress) -> None:
        if progress.step % _TOLD_EVERY == 0:
            tick(f"{trial.out.stem}, loss {progress.loss:.3f}", progress.step, progress.steps)

    card = train(trial, tick, told)
    saved, tensors = load(trial.out)
    network = network_of(saved, tensors, str(trial.out)).to(trial.recipe.on)
    data = trial.data.load(Sampling(trial.stored_hz, trial.stored_px), tick)
    forth = whole_actions(data.held_out)
    return {
        "accuracy": card.trained["held_out"]["top1"],
        "backwards": _right(network, forth, trial),
        "reversed": _right(network, [turned_back(one) for one in forth], trial),
    }


def whole_actions(tracks: Sequence[Track]) -> list[Track]:
    """Each time that somebody tightens or loosens, as a track of its own."""
    pair, found = [LABELS.index(label) for label in PAIR], list[Track]()
    for track in tracks:
        borders = [0, *(np.flatnonzero(np.diff(track.labels)) + 1).tolist(), len(track.labels)]
        for start, end in pairwise(borders):
            if track.labels[start] in pair:
                found.append(replace(track, pictures=track.pictures[start:end], labels=track.labels[start:end]))
    return found


def turned_back(track: Track) -> Track:
    """Played backwards, and called what it then shows."""
    first, second = (LABELS.index(label) for label in PAIR)
    return replace(track, pictures=track.pictures[::-1], labels=first + second - track.labels[::-1])


def _right(network: nn.Module, tracks: Sequence[Track], trial: TrainingPlan) -> float:
    said = answers(network, tracks, trial.spec, trial.crop_px, len(LABELS), trial.recipe.on)
    return float((said.logits.argmax(dim=1).numpy() == said.truth).mean())


def _row(network: str, shares: Sequence[Mapping[str, float]], results: Results) -> Row:
    contender = CONTENDERS[network]
    model = FAMILIES[contender.kind].network(contender.size, len(LABELS)).eval()
    clip = torch.randn(1, 3, contender.size.frames, CROP_PX, CROP_PX)
    spent = results.of(f"cost of {network} on pictures", asdict(contender.size), lambda: cost(model, clip))
    return Row(
        set="work_cell",
        network=network,
        accuracy=tuple(one["accuracy"] for one in shares),
        backwards=tuple(one["backwards"] for one in shares),
        parameters=int(spent["parameters"]),
        gmac=spent["gmac"],
        ms=spent["ms"],
        reversed=tuple(one["reversed"] for one in shares),
    )
