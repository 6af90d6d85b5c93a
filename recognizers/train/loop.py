"""The training itself: from tracks to a checkpoint. A killed training goes on where it stood, to the same result."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.modules.batchnorm import _BatchNorm

from recognizers.card import Abstain
from recognizers.checkpoint import Card, save
from recognizers.data.sets import Tick
from recognizers.errors import DataError
from recognizers.families import FAMILIES
from recognizers.nn.resnet3d import Block
from recognizers.train.augment import mixed
from recognizers.train.imagenet import begin_with_imagenet
from recognizers.train.lessons import Inputs, Lessons
from recognizers.train.plan import TrainingPlan
from recognizers.train.recipe import Recipe
from recognizers.train.validate import figures, fitted_temperature, known_above
from recognizers.transforms import MEAN, STD

_NORM_BATCHES = 40


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a training stands after a step."""

    step: int
    steps: int
    loss: float
    """Of this step's batch."""
    rate: float


def train(plan: TrainingPlan, tick: Tick, told: Callable[[Progress], None]) -> Card:
    """Train, calibrate, judge, and write the checkpoint.

    Raises:
        DataError: the data cannot be read, or shows nothing of some action.
        CheckpointMismatch: it begins pretrained, and the weights are not installed.
    """
    torch.set_num_threads(plan.recipe.threads)
    lessons = plan.lessons(tick)
    network = _optimised(plan, lessons, told)
    _settle_norms(network, plan.recipe, lessons)
    network.eval()
    card = _judged(network, plan, lessons)
    # Half precision: the answers differ by less than the fourth decimal, the file by half.
    weights = {
        name: tensor.half() if tensor.is_floating_point() else tensor for name, tensor in network.state_dict().items()
    }
    save(plan.out, card, weights)
    _state_path(plan.out).unlink(missing_ok=True)
    return card


def _optimised(plan: TrainingPlan, lessons: Lessons, told: Callable[[Progress], None]) -> nn.Module:
    recipe, make = plan.recipe, FAMILIES[plan.kind].network
    torch.manual_seed(recipe.seed)
    network = make(plan.size, len(lessons.labels))
    _open_blocks(network)
    begin_with_imagenet(network)
    network.to(recipe.on)
    kept = make(plan.size, len(lessons.labels)).to(recipe.on)
    kept.load_state_dict(network.state_dict())
    optimizer = torch.optim.AdamW(_by_decay(network, recipe.weight_decay), lr=recipe.rate)
    first = _resume(plan, network, kept, optimizer)
    network.train()
    for step in range(first, recipe.steps):
        # Seeded by step, not in a row: a training that goes on draws what it would have drawn.
        rng = np.random.default_rng((recipe.seed, step))
        torch.manual_seed(recipe.seed * 1_000_003 + step)
        rate = recipe.rate * rate_share(step, recipe.steps)
        for group in optimizer.param_groups:
            group["lr"] = rate
        inputs, truth = lessons.batch(rng)
        if isinstance(inputs, Tensor):
            inputs, truth = mixed(inputs, truth, recipe.mixup, rng)
        loss = _loss(_said(network, inputs), truth, plan)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        optimizer.step()
        _average(kept, network, min(recipe.average, (step + 1) / (step + 10)))
        if (step + 1) % recipe.save_every == 0:
            _remember(plan, network, kept, optimizer, step + 1)
        told(Progress(step + 1, recipe.steps, float(loss.detach()), rate))
    return kept


def _said(network: nn.Module, inputs: Inputs) -> Tensor:
    said: Tensor = network(inputs) if isinstance(inputs, Tensor) else network(*inputs)
    return said


def _loss(logits: Tensor, truth: Tensor, plan: TrainingPlan) -> Tensor:
    """Of logits and truth `(N, C)`: labels exclude each other, or each is a question of its own."""
    smoothing = plan.recipe.smoothing
    if plan.multilabel:
        return F.binary_cross_entropy_with_logits(logits, truth.lerp(torch.full_like(truth, 0.5), smoothing))
    return F.cross_entropy(logits, truth, label_smoothing=smoothing)


@torch.no_grad()
def _open_blocks(network: nn.Module) -> None:
    """Let residual blocks speak from the start: AdamW moves a gain by its rate a step at most, and from the paper's
    zero (meant for SGD and long training) small networks would stay nearly linear for hundreds of steps."""
    for module in network.modules():
        if isinstance(module, Block):
            module.norm_c.weight.fill_(1.0)


def rate_share(step: int, steps: int) -> float:
    """Learning rate as a share of the highest: a linear rise over a twentieth, then half a cosine."""
    rise = max(1, steps // 20)
    if step < rise:
        return (step + 1) / rise
    return 0.5 * (1 + math.cos(math.pi * (step - rise) / max(1, steps - rise)))


def _by_decay(network: nn.Module, decay: float) -> list[dict[str, object]]:
    """Convolutions and the head decay; norms and biases do not."""
    heavy = [parameter for parameter in network.parameters() if parameter.ndim > 1]
    light = [parameter for parameter in network.parameters() if parameter.ndim <= 1]
    return [{"params": heavy, "weight_decay": decay}, {"params": light, "weight_decay": 0.0}]


@torch.no_grad()
def _average(kept: nn.Module, network: nn.Module, decay: float) -> None:
    for mean, new in zip(kept.parameters(), network.parameters(), strict=True):
        mean.lerp_(new, 1 - decay)


@torch.no_grad()
def _settle_norms(network: nn.Module, recipe: Recipe, lessons: Lessons) -> None:
    """Batch norms of averaged weights have seen none of their own activations: measure them anew ("precise BN")."""
    network.train()  # what is frozen stays as it is
    norms = [module for module in network.modules() if isinstance(module, _BatchNorm) and module.training]
    if not norms:
        return
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # a plain mean over what follows
    for number in range(_NORM_BATCHES):
        _said(network, lessons.batch(np.random.default_rng((recipe.seed, recipe.steps, number)))[0])


def _judged(network: nn.Module, plan: TrainingPlan, lessons: Lessons) -> Card:
    calibration = lessons.judged(network, "calibration")
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
    return replace(
        card,
        trained={
            "data": lessons.description,
            "recipe": asdict(plan.recipe),
            "jitter": asdict(plan.jitter),
            "parameters": sum(parameter.numel() for parameter in network.parameters()),
            "held_out": figures(lessons.judged(network, "held_out"), card),
            "known_above": known,
        },
    )


def _state_path(out: Path) -> Path:
    return out.with_suffix(".state")


def _remember(
    plan: TrainingPlan, network: nn.Module, kept: nn.Module, optimizer: torch.optim.Optimizer, step: int
) -> None:
    path = _state_path(plan.out)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    torch.save(
        {
            "plan": _fingerprint(plan),
            "step": step,
            "network": network.state_dict(),
            "kept": kept.state_dict(),
            "optimizer": optimizer.state_dict(),
        },
        part,
    )
    part.replace(path)


def _resume(plan: TrainingPlan, network: nn.Module, kept: nn.Module, optimizer: torch.optim.Optimizer) -> int:
    """The step to go on with; 0 where no state of this very plan was left."""
    path = _state_path(plan.out)
    if not path.exists():
        return 0
    state = torch.load(path, weights_only=True, map_location=plan.recipe.on)
    if state["plan"] != _fingerprint(plan):
        raise DataError(f"{path} was left by another training; remove it to begin anew")
    network.load_state_dict(state["network"])
    kept.load_state_dict(state["kept"])
    optimizer.load_state_dict(state["optimizer"])
    return int(state["step"])


def _fingerprint(plan: TrainingPlan) -> str:
    return repr(replace(plan, out=Path()))
