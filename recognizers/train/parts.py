"""The two parts of a network: what looks, and what decides. The latter can learn alone, from what was seen before."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from torch import Tensor, nn

from recognizers.errors import DataError
from recognizers.nn.network import Parted


class Looking(nn.Module):
    """Inputs to what is seen of them: a network but for what decides."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, inputs: Tensor) -> Tensor:
        return cast(Parted, self.network).look(inputs)


class Deciding(nn.Module):
    """What was seen to logits: the part of a network that decides."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, features: Tensor) -> Tensor:
        return cast(Parted, self.network).decide(features)


def check_parted(network: nn.Module, kind: str) -> None:
    """Raises DataError where a network has no part that could learn alone."""
    if not isinstance(network, Parted):
        raise DataError(f"recipe: what decides in a {kind} is no part of its own; leave head_only and head_first out")


def set_learning(network: nn.Module, head_only: bool) -> None:
    """Into training; what only looks stays as it is, also its batch norms, where the head learns alone."""
    network.train(not head_only)
    if head_only:
        for module in _deciding(network):
            module.train()


def freeze_looking(network: nn.Module) -> list[nn.Parameter]:
    """Let nothing learn but what decides; returns what would have."""
    deciding = {id(parameter) for module in _deciding(network) for parameter in module.parameters()}
    frozen = [one for one in network.parameters() if one.requires_grad and id(one) not in deciding]
    for parameter in frozen:
        parameter.requires_grad_(False)
    return frozen


def is_deciding(network: nn.Module, name: str) -> bool:
    """Whether a parameter, by its name, belongs to what decides; all do where a network has no parts."""
    return not isinstance(network, Parted) or name.partition(".")[0] in network.DECIDING


def _deciding(network: nn.Module) -> Iterator[nn.Module]:
    for name in cast(Parted, network).DECIDING:
        yield network.get_submodule(name)
