"""The training itself: from tracks to a checkpoint. A killed training goes on where it stood, to the same result."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from recognizers.card import Card, read_card
from recognizers.data.sets import Tick
from recognizers.errors import TrainingDiverged
from recognizers.families import FAMILIES
from recognizers.train.begin import Note, begun
from recognizers.train.best import looked, write_checkpoint
from recognizers.train.cached import CachedLessons
from recognizers.train.curves import Draw, check_curves, curves
from recognizers.train.demand import check_demand
from recognizers.train.judge import judged
from recognizers.train.lessons import Lessons
from recognizers.train.optimiser import average, optimiser_of, rate_share, set_rate, stepped
from recognizers.train.parts import Deciding, freeze_looking, set_learning
from recognizers.train.plan import TrainingPlan
from recognizers.train.prefetch import Batch, batches
from recognizers.train.ranks import Ranks, launched
from recognizers.train.recipe import Recipe
from recognizers.train.settle import said, settle_norms
from recognizers.train.state import Best, Learner, State, check_writable
from recognizers.train.watched import Progress, Taken, is_sound, why_unsound

_READ_EVERY = 10
"""Steps whose figures are waited for together, on a GPU: it need not stand still after each."""


@dataclass(frozen=True, slots=True)
class Course:
    """What stays the same throughout a training."""

    plan: TrainingPlan
    lessons: Lessons
    ranks: Ranks
    state: State
    told: Callable[[Progress], None]


def train(plan: TrainingPlan, tick: Tick, told: Callable[[Progress], None], note: Note = lambda _: None) -> Card:
    """Train, calibrate, judge, and write the checkpoint.

    Raises:
        DataError: the data cannot be read, shows nothing of some action, or a batch of it fits no memory.
        CheckpointMismatch: what it begins with is not installed, damaged, or another network's.
        TrainingDiverged: the loss is no number any more.
        NotWritten: the disk is full, or takes no file there.
    """
    plan.recipe.check()
    check_demand(plan)
    check_curves(plan.curves)
    torch.set_num_threads(plan.recipe.threads)
    with launched(plan.recipe) as ranks:
        if ranks.is_first:
            check_writable(plan.out)
        lessons = ranks.shared(plan).lessons(tick)
        network = begun(plan, lessons.labels, note).to(plan.recipe.on)
        if plan.recipe.cached:
            lessons = CachedLessons(lessons, network, plan.recipe, tick)
        state = State(plan.state_path, _training(plan, lessons, ranks))
        best = optimised(Course(plan, lessons, ranks, state, told), network)
        card = _finished(plan, lessons, network, best) if ranks.is_first else None
        ranks.wait()
    return card or read_card(plan.out)


def _finished(plan: TrainingPlan, lessons: Lessons, network: nn.Module, best: Best) -> Card:
    network.load_state_dict(best.tensors)
    settle_norms(network, plan.recipe, lessons)
    network.eval()
    card = judged(network, plan, lessons, best.step)
    write_checkpoint(plan.out, card, network.state_dict())
    plan.best_path.unlink(missing_ok=True)
    plan.state_path.unlink(missing_ok=True)
    return card


def optimised(course: Course, network: nn.Module) -> Best:
    """The weights that were best on the calibration part, or the last ones where nobody looked."""
    plan, recipe = course.plan, course.plan.recipe
    learner = _learner(course, network)
    first, best = course.state.resume(learner, recipe.on)
    asleep = freeze_looking(network) if recipe.is_head_only(first) else []
    asked = _asked(course, network, first)
    taken: list[Taken] = []
    folder = plan.curves if course.ranks.is_first else None
    coming = batches(course.lessons, recipe, first, course.ranks.seed(recipe))
    with closing(coming), curves(folder, first) as draw:
        for batch in coming:
            if asleep and not recipe.is_head_only(batch.step):
                for parameter in asleep:
                    parameter.requires_grad_(True)
                asleep, asked = [], _asked(course, network, batch.step)
            taken.append(_step(course, learner, asked, batch))
            if _is_due(recipe, batch.step + 1):
                best = _after(course, learner, best, taken, draw) if course.ranks.is_first else None
                taken.clear()
    return best or Best(recipe.steps, 0.0, learner.kept.state_dict())


def _learner(course: Course, network: nn.Module) -> Learner:
    plan, recipe = course.plan, course.plan.recipe
    kept = FAMILIES[plan.kind].network(plan.size, len(course.lessons.labels)).to(recipe.on)
    kept.load_state_dict(network.state_dict())
    scaler = torch.amp.GradScaler(recipe.on.type, enabled=recipe.reckoned_in == torch.float16)
    return Learner(network, kept, optimiser_of(network, recipe), scaler)


def _asked(course: Course, network: nn.Module, step: int) -> nn.Module:
    """What is called with a batch from a step on, with what learns in training."""
    set_learning(network, course.plan.recipe.is_head_only(step))
    return course.ranks.together(Deciding(network) if course.plan.recipe.cached else network)


def _step(course: Course, learner: Learner, asked: nn.Module, batch: Batch) -> Taken:
    recipe, step = course.plan.recipe, batch.step
    torch.manual_seed(recipe.seed * 1_000_003 + step + (course.ranks.rank << 40))
    rate = recipe.rate * rate_share(step, recipe.steps, recipe.warm_up)
    set_rate(learner.optimiser, rate)
    with _numbers(recipe):
        logits = said(asked, batch.inputs)
    loss = _loss(logits.float(), batch.truth, course.plan)
    gradient = stepped(loss, learner.network.parameters(), learner.optimiser, learner.scaler)
    average(learner.kept, learner.network, min(recipe.average, (step + 1) / (step + 10)))
    return Taken(step, loss.detach(), gradient.detach(), rate)


def _numbers(recipe: Recipe) -> AbstractContextManager[object]:
    if recipe.reckoned_in == torch.float32:
        return nullcontext()
    return torch.autocast(recipe.on.type, recipe.reckoned_in)


def _loss(logits: Tensor, truth: Tensor, plan: TrainingPlan) -> Tensor:
    """Of logits and truth `(N, C)`: labels exclude each other, or each is a question of its own."""
    smoothing = plan.recipe.smoothing
    if plan.multilabel:
        return F.binary_cross_entropy_with_logits(logits, truth.lerp(torch.full_like(truth, 0.5), smoothing))
    return F.cross_entropy(logits, truth, label_smoothing=smoothing)


def _is_due(recipe: Recipe, step: int) -> bool:
    """Whether figures are waited for after a step."""
    every = 1 if recipe.on.type == "cpu" else _READ_EVERY
    return step % every == 0 or step == recipe.steps or step % recipe.save_every == 0 or recipe.is_look(step)


def _after(course: Course, learner: Learner, best: Best | None, taken: list[Taken], draw: Draw) -> Best | None:
    """Look at what steps did, keep what is good, tell; returns the best so far."""
    plan, recipe = course.plan, course.plan.recipe
    seen = [one.progress(recipe.steps, None if best is None else best.loss) for one in taken]
    for one in seen:
        if not is_sound(one, plan):
            rng = np.random.default_rng((*course.ranks.seed(recipe), one.step - 1))
            raise TrainingDiverged(why_unsound(one, plan, course.lessons.batch(rng)[0]))
    step = seen[-1].step
    if recipe.is_look(step):
        best = looked(plan, course.lessons, learner, step, best, draw)
    if step % recipe.save_every == 0 or recipe.is_look(step):
        course.state.remember(learner, best, step)
    for one in seen:
        draw("loss/training", one.loss, one.step)
        draw("rate", one.rate, one.step)
        draw("gradient", one.gradient, one.step)
        course.told(one)
    return best


def _training(plan: TrainingPlan, lessons: Lessons, ranks: Ranks) -> str:
    """What a state is the state of."""
    begun_with = b"" if plan.begin is None else plan.begin.read_bytes()
    what = (repr(replace(plan, out=Path(), curves=None)), lessons.fingerprint, ranks.count)
    return hashlib.sha256(repr(what).encode() + begun_with).hexdigest()
