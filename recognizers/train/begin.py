"""What a training begins with: chance, ImageNet, or another checkpoint."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from recognizers.card import Card
from recognizers.checkpoint import fit_strictly, load
from recognizers.errors import CheckpointMismatch, DataError
from recognizers.families import FAMILIES
from recognizers.models.backbones import Lite0
from recognizers.nn.network import Size
from recognizers.nn.resnet3d import Block
from recognizers.train.imagenet import begin_with_imagenet
from recognizers.train.parts import check_parted
from recognizers.train.plan import TrainingPlan
from recognizers.transforms import MEAN, STD

Note = Callable[[str], None]
"""Told what somebody may want to know, a line of text."""


def begun(plan: TrainingPlan, labels: tuple[str, ...], note: Note) -> nn.Module:
    """The network of a plan, before its first step, on the CPU.

    Raises:
        CheckpointMismatch: what it is to begin with is not installed, damaged, or another network's.
        DataError: only its head is to learn, and what looks knows nothing yet.
    """
    torch.manual_seed(plan.recipe.seed)
    network = FAMILIES[plan.kind].network(plan.size, len(labels))
    if plan.recipe.head_only or plan.recipe.head_first > 0:
        check_parted(network, plan.kind)
    if plan.begin is not None:
        _take(network, plan, plan.begin, labels, note)
        return network
    _open_blocks(network)
    begin_with_imagenet(network)
    if plan.recipe.head_only and not any(isinstance(one, Lite0) and one.is_pretrained for one in network.modules()):
        raise DataError(
            "recipe.head_only: what the network looks with knows nothing yet; give begin, a checkpoint, or a network "
            "that begins with ImageNet (size: lite0)"
        )
    return network


def size_of(card: Card, origin: Path) -> Size:
    """The numbers of the network that a card describes.

    Raises:
        CheckpointMismatch: it describes none that can be trained.
    """
    family = FAMILIES.get(card.kind)
    if family is None:
        raise CheckpointMismatch(f"{origin}: a {card.kind} cannot be trained; there are: {', '.join(FAMILIES)}")
    try:
        size = family.described(card.network)
    except ValueError as error:
        raise CheckpointMismatch(f"{origin}: the card does not describe a {card.kind} network ({error})") from error
    if (card.mean, card.std) != (MEAN, STD):
        raise CheckpointMismatch(
            f"{origin} sees pictures of mean {card.mean} and deviation {card.std}; a training shows them with mean "
            f"{MEAN} and deviation {STD}, so begin with another checkpoint"
        )
    return size


def _take(network: nn.Module, plan: TrainingPlan, path: Path, labels: tuple[str, ...], note: Note) -> None:
    card, tensors = load(path)
    given: dict[str, Tensor] = {
        name: tensor.float() if tensor.is_floating_point() else tensor for name, tensor in tensors.items()
    }
    if card.labels == labels:
        fit_strictly(network, given, str(path))
        note(f"begins with {path}, which knows the same labels: its head is kept")
        return
    of_classes = _of_classes(plan.kind, plan.size)
    fresh = {name: tensor for name, tensor in network.state_dict().items() if name in of_classes}
    fit_strictly(network, {name: tensor for name, tensor in given.items() if name not in of_classes} | fresh, str(path))
    note(f"begins with {path}, which knows {_listed(card.labels)}: for {_listed(labels)} its head is made anew")


def _of_classes(kind: str, size: Any) -> set[str]:
    """The tensors whose shape depends on how many classes there are."""
    with torch.device("meta"):
        one, other = (_shapes(FAMILIES[kind].network(size, classes)) for classes in (2, 3))
    return {name for name, shape in one.items() if other[name] != shape}


def _shapes(network: nn.Module) -> Mapping[str, torch.Size]:
    return {name: tensor.shape for name, tensor in network.state_dict().items()}


def _listed(labels: tuple[str, ...], most: int = 6) -> str:
    more = f" and {len(labels) - most} more" if len(labels) > most else ""
    return f"{', '.join(labels[:most])}{more}"


@torch.no_grad()
def _open_blocks(network: nn.Module) -> None:
    """Let residual blocks speak from the start: AdamW moves a gain by its rate a step at most, and from the paper's
    zero (meant for SGD and long training) small networks would stay nearly linear for hundreds of steps."""
    for module in network.modules():
        if isinstance(module, Block):
            module.norm_c.weight.fill_(1.0)
