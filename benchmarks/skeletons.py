"""Skeletons: the training side of four public sets, each of its subjects (or fifths) left out once.

UTKinect and MSRAction3D: one subject is left out at a time. JHMDB and the fingertip tracks name no subjects: a fifth
of each label's sequences is left out, in the order of the file, which parts scenes but perhaps not people. Accuracy is
that of all sequences that were left out, each judged once, among the labels of the public set: where a background was
added for live use, it is no candidate.

The numbers below were chosen by trainings that left two groups out and were judged by one of them, for two of the five
groups; the other one was not looked at.

Of the fingertip tracks that are labelled "move", 22 of 1,030 move less than nearly all that are labelled "stop" do:
nobody can be right about those.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch

from benchmarks.asked import Asked
from benchmarks.conv_gru import ConvGru, ConvGruSize
from benchmarks.cost import cost
from benchmarks.results import Results
from benchmarks.rows import Row
from recognizers.checkpoint import load
from recognizers.clip import ClipSpec
from recognizers.data.sets import Tick
from recognizers.data.skeletons import SkeletonData, groups_of
from recognizers.data.windows import Jitter
from recognizers.families import FAMILIES, network_of
from recognizers.kinds import KINDS
from recognizers.models.san import SanSize
from recognizers.nn.network import Family
from recognizers.nn.skeletons import LAYOUTS
from recognizers.train.loop import train
from recognizers.train.plan import TrainingPlan
from recognizers.train.recipe import Recipe

ADDED = "background"
"""Where a set has no label for what is no action, this one is added."""


@dataclass(frozen=True, slots=True)
class PublicSet:
    """A file and what is particular about it."""

    file: str
    numbers: Mapping[str, Any]
    """Layout, coordinates and frames of the networks."""
    steps: int
    flip: bool
    """No action is handed or has a direction."""
    modalities: tuple[str, ...] = ("joints", "bones", "motion")
    """What SAN looks at."""
    varied: Mapping[str, float] = field(default_factory=dict)
    """How its sequences may vary, other than those of the others."""
    backwards: tuple[str, ...] = ()
    """Actions that are another one of these when they are played backwards."""
    background: str = ADDED
    floor: float = 0.0
    """Accuracy that the network must not fall below."""


@dataclass(frozen=True, slots=True)
class Contender:
    """A network, and how it is taught: optimised alike, but for what is said here."""

    kind: str
    size: Any
    rate: float
    varies: bool
    """It is shown sequences as they might also have been, or as they were recorded."""


SETS = {
    "fingertip": PublicSet(
        "fingertip.npz",
        {"layout": "fingertip", "coordinates": 2, "frames": 16},
        steps=600,
        flip=False,
        modalities=("joints", "motion"),
        varied={"turn": 180.0, "noise": 0.01, "hide": 0.0, "crop": 0.0},
        backwards=("clockwise", "counter_clockwise"),
        background="stop",
        floor=0.995,
    ),
    "utkinect": PublicSet(
        "utkinect.npz",
        {"layout": "kinect20", "coordinates": 3, "frames": 24},
        steps=400,
        flip=True,
        backwards=("sitDown", "standUp", "push", "pull"),
        floor=0.859,
    ),
    "msraction3d": PublicSet(
        "msraction3d.npz",
        {"layout": "msr20", "coordinates": 3, "frames": 24},
        steps=700,
        flip=False,
        floor=0.793,
    ),
    "jhmdb": PublicSet(
        "jhmdb14.npz",
        {"layout": "jhmdb15", "coordinates": 2, "frames": 24},
        steps=800,
        flip=True,
        varied={"turn": 10.0, "crop": 0.15},
        backwards=("sit", "stand"),
        floor=0.761,
    ),
}
BASELINES = {"conv_gru": Family(ConvGruSize, {"small": ConvGruSize}, ConvGru)}
"""Kinds that trainings know while they are measured, and the product never."""
CONTENDERS = {
    "conv_gru": Contender("conv_gru", ConvGruSize(), rate=3e-3, varies=False),
    "conv_gru varied": Contender("conv_gru", ConvGruSize(), rate=3e-3, varies=True),
    "san": Contender("san", SanSize(persons=1, width=32, dropout=0.1), rate=2e-3, varies=True),
}
"""The baseline learns from sequences as they were recorded. `varied` gives it our lessons, which shows what the
network itself adds."""
OURS, BASELINE = "san", "conv_gru"
_TURNED = {"turn": 15.0, "zoom": 0.1, "noise": 0.02, "hide": 0.05}
_PLAYED = {"speed": 0.2, "repeat": 0.05, "crop": 0.2}
_ALIKE: Mapping[str, Any] = {"smoothing": 0.1, "average": 0.98, "background": 0.5, "save_every": 10**9}


@contextmanager
def baselines_known() -> Iterator[None]:
    FAMILIES.update(BASELINES)
    KINDS.update(dict.fromkeys(BASELINES, KINDS[OURS]))
    try:
        yield
    finally:
        for kind in BASELINES:
            del FAMILIES[kind], KINDS[kind]


def sized(chosen: PublicSet, contender: Contender) -> Any:
    """The contender's numbers for a set."""
    own = {"modalities": chosen.modalities} if contender.kind == "san" else {}
    return replace(contender.size, **chosen.numbers, **own)


def plan(chosen: PublicSet, folder: Path, contender: Contender, left_out: int, seed: int, out: Path) -> TrainingPlan:
    """One training: everything but one group."""
    turned, played = ({name: chosen.varied.get(name, much) for name, much in one.items()} for one in (_TURNED, _PLAYED))
    recipe = {**turned, "flip": chosen.flip} if contender.varies else {}
    size = sized(chosen, contender)
    return TrainingPlan(
        kind=contender.kind,
        size=size,
        spec=ClipSpec(size.frames, interval_s=0.1, hop_s=0.5, short_side_px=256),
        crop_px=256,
        data=SkeletonData(folder / chosen.file, (left_out,), background=chosen.background),
        recipe=Recipe(steps=chosen.steps, seed=seed, rate=contender.rate, **_ALIKE, **recipe),
        jitter=Jitter(**played) if contender.varies else Jitter(speed=0.0, repeat=0.0),
        out=out,
    )


def answered(trial: TrainingPlan) -> dict[str, list[str]]:
    """Train, then ask about what was left out: what was shown and what was said."""
    lessons = trial.lessons(_silent)
    train(trial, _silent, lambda _: None)
    card, tensors = load(trial.out)
    network = network_of(card, tensors, str(trial.out))
    answers = lessons.judged(network, "held_out")
    logits = answers.logits.clone()
    if lessons.background == ADDED:
        logits[:, lessons.labels.index(ADDED)] = -torch.inf
    return {
        "shown": [lessons.labels[label] for label in answers.truth],
        "said": [lessons.labels[label] for label in logits.argmax(dim=1).tolist()],
    }


def table(asked: Asked, results: Results, tick: Tick) -> list[Row]:
    """The rows of these sets."""
    sets = {name: replace(SETS[name], steps=asked.steps or SETS[name].steps) for name in asked.sets}
    with baselines_known():
        return measured(asked.folder, sets, asked.networks, asked.seeds, results, tick)


def measured(
    folder: Path, sets: Mapping[str, PublicSet], networks: list[str], seeds: int, results: Results, tick: Tick
) -> list[Row]:
    """A row for each set and network."""
    rows = []
    for name, chosen in sets.items():
        groups = groups_of(folder / chosen.file)
        for network in networks:
            said = []
            for seed in range(1, seeds + 1):
                parts = []
                for number, group in enumerate(groups):
                    parts.append(_trial(chosen, folder, network, group, seed, results))
                    tick(f"{name} {network}", (seed - 1) * len(groups) + number + 1, seeds * len(groups))
                said.append({key: [one for part in parts for one in part[key]] for key in ("shown", "said")})
            rows.append(_row((name, chosen), network, said, results))
    return rows


def _trial(
    chosen: PublicSet, folder: Path, network: str, group: int, seed: int, results: Results
) -> dict[str, list[str]]:
    with tempfile.TemporaryDirectory() as scratch:
        trial = plan(chosen, folder, CONTENDERS[network], group, seed, Path(scratch) / "network.safetensors")
        setting = {
            "kind": trial.kind,
            "size": asdict(cast(Any, trial.size)),
            "recipe": asdict(trial.recipe),
            "jitter": asdict(trial.jitter),
            "background": chosen.background,
        }
        kept: dict[str, list[str]] = results.of(
            f"{chosen.file} without {group}: {network}, seed {seed}", setting, lambda: answered(trial)
        )
        return kept


def _row(named: tuple[str, PublicSet], network: str, said: list[dict[str, list[str]]], results: Results) -> Row:
    (name, chosen), contender = named, CONTENDERS[network]
    size = sized(chosen, contender)
    clip = torch.randn(1, size.coordinates + 1, size.frames, len(LAYOUTS[size.layout].joints), 1)
    clip[:, -1] = 1
    classes = len({one for seed in said for one in seed["shown"]}) + (chosen.background == ADDED)
    model = FAMILIES[contender.kind].network(size, classes).eval()
    spent = results.of(f"cost of {network} on {name}", asdict(size), lambda: cost(model, clip))
    shares = [accuracies(one, chosen.backwards) for one in said]
    return Row(
        set=name,
        network=network,
        accuracy=tuple(whole for whole, _ in shares),
        backwards=tuple(part for _, part in shares if part is not None),
        parameters=int(spent["parameters"]),
        gmac=spent["gmac"],
        ms=spent["ms"],
    )


def accuracies(said: Mapping[str, list[str]], backwards: tuple[str, ...]) -> tuple[float, float | None]:
    """Of everything, and of what is another action backwards."""
    right = np.array([one == other for one, other in zip(said["shown"], said["said"], strict=True)])
    turned = np.array([one in backwards for one in said["shown"]])
    return float(right.mean()), float(right[turned].mean()) if turned.any() else None


def _silent(what: str, done: int, of: int) -> None:
    """Trainings are short; whole ones are counted instead."""
