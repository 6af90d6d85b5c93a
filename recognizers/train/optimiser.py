"""How weights are moved: by which optimiser, how fast at which step, in which numbers."""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch
from torch import Tensor, nn

from recognizers.train.parts import is_deciding
from recognizers.train.recipe import Recipe

_MOMENTUM = 0.9
_LONGEST_GRADIENT = 5.0


def optimiser_of(network: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    """Convolutions and the head decay; norms and biases do not. What looks may be moved less than what decides."""
    groups = [
        {"params": parameters, "weight_decay": recipe.weight_decay if heavy else 0.0, "share": share}
        for share, deciding in ((1.0, True), (recipe.body_rate, False))
        for heavy in (True, False)
        if (parameters := _some(network, heavy, deciding))
    ]
    if recipe.optimiser == "sgd":
        return torch.optim.SGD(groups, lr=recipe.rate, momentum=_MOMENTUM, nesterov=True)
    return torch.optim.AdamW(groups, lr=recipe.rate, fused=True)


def set_rate(optimiser: torch.optim.Optimizer, rate: float) -> None:
    """The rate of what decides; the other groups have their shares of it."""
    for group in optimiser.param_groups:
        group["lr"] = rate * group["share"]


def rate_share(step: int, steps: int, warm_up: float = 0.05) -> float:
    """Learning rate as a share of the highest: a linear rise over a share of the steps, then half a cosine."""
    rise = max(1, int(steps * warm_up))
    if step < rise:
        return (step + 1) / rise
    return 0.5 * (1 + math.cos(math.pi * (step - rise) / max(1, steps - rise)))


def stepped(
    loss: Tensor, parameters: Iterable[nn.Parameter], optimiser: torch.optim.Optimizer, scaler: torch.amp.GradScaler
) -> Tensor:
    """Move weights against the gradient of a loss; returns that one's length before it was cut to 5.

    In float16, a step whose gradient does not fit its numbers is left out (Micikevicius et al., ICLR 2018).
    """
    optimiser.zero_grad(set_to_none=True)
    scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
    scaler.unscale_(optimiser)
    length = nn.utils.clip_grad_norm_(parameters, _LONGEST_GRADIENT)
    scaler.step(optimiser)
    scaler.update()
    return length


@torch.no_grad()
def average(kept: nn.Module, network: nn.Module, decay: float) -> None:
    """Move the mean of the weights towards those of a step."""
    pairs = zip(kept.parameters(), network.parameters(), strict=True)
    means, news = zip(*((mean, new) for mean, new in pairs if new.requires_grad), strict=True)
    torch._foreach_lerp_(means, news, 1 - decay)


def _some(network: nn.Module, heavy: bool, deciding: bool) -> list[nn.Parameter]:
    return [
        parameter
        for name, parameter in network.named_parameters()
        if (parameter.ndim > 1) == heavy and is_deciding(network, name) == deciding
    ]
