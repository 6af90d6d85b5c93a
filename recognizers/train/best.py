"""The best weights of a training: asked about the calibration part now and then, and kept in a checkpoint."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from recognizers.card import Card
from recognizers.checkpoint import save
from recognizers.errors import NotWritten
from recognizers.train.curves import Draw
from recognizers.train.judge import card_of
from recognizers.train.lessons import Lessons
from recognizers.train.plan import TrainingPlan
from recognizers.train.state import Best, Learner, unwritten
from recognizers.train.validate import Answers, fitted_temperature


def looked(
    plan: TrainingPlan, lessons: Lessons, learner: Learner, step: int, best: Best | None, draw: Draw
) -> Best | None:
    """Ask the mean of the weights about the calibration part; where it is better than before, keep it in a file.

    None where that part is empty: there is nothing to choose by.
    """
    kept = learner.kept.eval()
    borrow_statistics(kept, learner.network)
    given = lessons.judged(kept, "calibration")
    if not len(given.truth):
        return None
    loss = calibrated_loss(given)
    draw("loss/calibration", loss, step)
    draw("right/calibration", share_right(given), step)
    if not math.isfinite(loss) or (best is not None and best.loss <= loss):
        return best
    best = Best(step, loss, {name: tensor.clone() for name, tensor in kept.state_dict().items()})
    card = card_of(plan, lessons, given, {"step": step, "calibration_loss": round(loss, 4)})
    write_checkpoint(plan.best_path, card, best.tensors)
    return best


def calibrated_loss(given: Answers) -> float:
    """Mean negative log-likelihood at the best temperature: how sure a network is, is put right afterwards anyway."""
    truth = torch.from_numpy(given.truth)
    loss = F.binary_cross_entropy_with_logits if given.multilabel else F.cross_entropy
    return float(loss(given.logits.float() / fitted_temperature(given), truth))


def share_right(given: Answers) -> float:
    """Of clips, those whose likeliest label is true."""
    said = given.logits.argmax(dim=1)
    truth = torch.from_numpy(given.truth)
    right = truth[torch.arange(len(said)), said] > 0.5 if given.multilabel else said == truth
    return float(right.float().mean())


@torch.no_grad()
def borrow_statistics(kept: nn.Module, network: nn.Module) -> None:
    """Until a mean of weights has statistics of its own, those of the weights it is a mean of."""
    for own, seen in zip(kept.buffers(), network.buffers(), strict=True):
        own.copy_(seen)


def write_checkpoint(path: Path, card: Card, tensors: Mapping[str, Tensor]) -> None:
    """In half precision: answers differ by less than the fourth decimal, the file by half.

    Raises:
        NotWritten: the disk does not take it; what was there is as it was.
    """
    halved = {name: tensor.half() if tensor.is_floating_point() else tensor for name, tensor in tensors.items()}
    try:
        save(path, card, halved)
    except OSError as error:
        raise NotWritten(unwritten(path, error)) from error
