"""From a few clips of each action to a recognizer, in minutes on a CPU.

What looks at pictures has seen a million others before and stays as it is; what it says of varied clips is kept, and
only the small part that decides learns from that. Every clip is judged once, by a network that learned from the other
folds; the one that is kept learned from all of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal, cast

import numpy as np
import torch
from torch import nn

from recognizers.card import Card
from recognizers.clip import ClipSpec
from recognizers.data.duplicates import look_of
from recognizers.data.taught import Source, Taught, source_of, taught
from recognizers.data.track import Tick
from recognizers.data.windows import Jitter
from recognizers.models.crnn import CrnnSize
from recognizers.models.san import SanSize
from recognizers.nn.skeletons import SkeletonSize
from recognizers.runtimes.answers import scores_of
from recognizers.train.advice import Advice, Shown, advice
from recognizers.train.begin import begun
from recognizers.train.best import write_checkpoint
from recognizers.train.cached import CachedLessons
from recognizers.train.joined import JoinedLessons
from recognizers.train.judge import card_of
from recognizers.train.lessons import Lessons
from recognizers.train.loop import Course, optimised
from recognizers.train.plan import TrainingPlan
from recognizers.train.ranks import Ranks
from recognizers.train.recipe import Recipe
from recognizers.train.state import State
from recognizers.train.taught_lessons import FoldLessons, joint_folds, looking_of, picture_folds
from recognizers.train.validate import Answers, figures

By = Literal["pictures", "joints"]

_NEVER = 1_000_000
_PICTURES = CrnnSize(frames=16, backbone="lite0", pretrained=True, frozen=True, grid=3, hidden=128, cold=8)
_PICTURE_RECIPE = Recipe(
    steps=240, batch=32, rate=1e-3, smoothing=0.1, average=0.99, background=1.5, abstain=0.025, zoom=0.25, turn=8,
    grey=0.1, head_only=True, cached=160, looks=1, save_every=_NEVER,
)  # fmt: skip
"""`cached`: of each fold."""
_JOINTS = SanSize(layout="coco17", coordinates=2, frames=16, persons=1)
_JOINT_RECIPE = Recipe(
    steps=500, batch=48, rate=2e-3, smoothing=0.1, average=0.98, background=0.5, turn=15, zoom=0.1, noise=0.02,
    hide=0.05, abstain=0.025, looks=1, save_every=_NEVER,
)  # fmt: skip
_INTERVAL_S, _HOP_S, _CROP_PX = 0.125, 0.25, 128


ELSEWHERE = 8
"""Simulated scenes for the background in each fold."""


@dataclass(frozen=True, slots=True)
class Teaching:
    """What is to be taught, and where to."""

    folder: Path
    out: Path
    by: By = "pictures"
    threads: int = 2
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Lesson:
    """What came of it."""

    card: Card
    advice: Advice
    clips: int
    """Clips that were judged, each by a network that had not seen its group."""
    right: int


def plan_of(teaching: Teaching) -> TrainingPlan:
    """What suits a few clips."""
    joints = teaching.by == "joints"
    recipe = replace(_JOINT_RECIPE if joints else _PICTURE_RECIPE, threads=teaching.threads, seed=teaching.seed)
    size = _JOINTS if joints else _PICTURES
    return TrainingPlan(
        kind="san" if joints else "crnn",
        size=size,
        spec=ClipSpec(size.frames, _INTERVAL_S, _HOP_S, _CROP_PX),
        crop_px=_CROP_PX,
        data=source_of(teaching.folder),
        recipe=recipe,
        jitter=Jitter(speed=0.2, crop=0.2, repeat=0.05) if joints else Jitter(still=0.2),
        out=teaching.out,
    )


def teach(plan: TrainingPlan, tick: Tick, elsewhere: int = ELSEWHERE) -> Lesson:
    """Learn, judge, and write the checkpoint.

    Raises:
        DataError: the clips cannot be read, or do not suffice.
        CheckpointMismatch: the network that looks is not installed.
        NotWritten: the disk does not take the checkpoint.
    """
    torch.set_num_threads(plan.recipe.threads)
    clips = taught(cast(Source, plan.data))
    if isinstance(plan.size, SkeletonSize):
        folds = joint_folds(clips, plan, plan.size, looking_of(plan, plan.size), tick)
    else:
        folds = picture_folds(clips, plan, elsewhere, tick)
    with TemporaryDirectory(prefix="takt-teach-") as scratch:
        learner = _Learner(plan, Path(scratch), tick, folds)
        answers = learner.judged_apart()
        network = learner.learned(JoinedLessons([one.lessons for one in learner.folds], None))
    card = _card(plan, learner.folds[0].lessons, network, answers)
    right, judged = _right_clips(answers, [n for one in folds for n in one.clip_of], card)
    told = advice(_shown(clips), card.background, card.trained["held_out"], card.labels, clips.folds.lone)
    more = {"clips_right": right, "clips_judged": judged, "warnings": list(told.warnings), "next": list(told.next)}
    card = replace(card, trained={**card.trained, "taught": more})
    write_checkpoint(plan.out, card, network.state_dict())
    return Lesson(card, told, judged, right)


def _shown(clips: Taught) -> list[Shown]:
    pairs = zip(clips.listing.recordings, clips.labels, strict=True)
    return [Shown(one.name, label, one.group, look_of(one.path)) for one, label in pairs]


class _Learner:
    """Learns from folds of clips, again and again; what was seen of them once is kept."""

    def __init__(self, plan: TrainingPlan, scratch: Path, tick: Tick, folds: Sequence[FoldLessons]) -> None:
        self._plan, self._scratch, self._tick = plan, scratch, tick
        self._turns, self._turn = len(folds) + 1, 0
        network = self._begun(folds[0].lessons)
        for weight in network.parameters():
            if weight.ndim == 4:  # what looks at pictures then takes two thirds of the time
                weight.data = weight.data.contiguous(memory_format=torch.channels_last)
        self.folds = [
            replace(one, lessons=CachedLessons(one.lessons, network, plan.recipe, tick)) if plan.recipe.cached else one
            for one in folds
        ]

    def judged_apart(self) -> Answers:
        """What networks said of each fold that had learned from the others."""
        said = []
        for number, fold in enumerate(self.folds):
            others = [one.lessons for place, one in enumerate(self.folds) if place != number]
            lessons = JoinedLessons(others, fold.lessons)
            said.append(lessons.judged(self.learned(lessons), "held_out"))
        return Answers(torch.cat([one.logits for one in said]), np.concatenate([one.truth for one in said]))

    def learned(self, lessons: Lessons) -> nn.Module:
        """A network that has learned from lessons."""
        self._turn += 1
        what = f"learning, {self._turn} of {self._turns}"
        state = State(self._scratch / f"{self._turn}.state", what)
        course = Course(self._plan, lessons, Ranks(), state, lambda now: self._tick(what, now.step, now.steps))
        network = self._begun(lessons)
        network.load_state_dict(optimised(course, network).tensors)
        return network.eval()

    def _begun(self, lessons: Lessons) -> nn.Module:
        return begun(self._plan, lessons.labels, lambda _: None).to(self._plan.recipe.on)


def _card(plan: TrainingPlan, lessons: Lessons, network: nn.Module, answers: Answers) -> Card:
    card = card_of(plan, lessons, answers, {})
    parameters = sum(parameter.numel() for parameter in network.parameters())
    told = {"step": plan.recipe.steps, "parameters": parameters, "held_out": figures(answers, card)}
    return replace(card, trained={**card.trained, **told})


def _right_clips(answers: Answers, clip_of: Sequence[int], card: Card) -> tuple[int, int]:
    """How many clips were named rightly, by the mean of what is said throughout, and of how many."""
    scores = scores_of(answers.logits, card).numpy()
    clips = np.array(clip_of)
    right = 0
    judged = np.unique(clips)
    for clip in judged:
        own = clips == clip
        truth = Counter(answers.truth[own].tolist()).most_common(1)[0][0]
        right += int(scores[own].mean(axis=0).argmax() == truth)
    return right, len(judged)
