"""Layers over an endless clip that arrives push by push: each answers as it would over the whole clip at once.

A temporal convolution keeps the pictures that its coming answers still need. Where it looks ahead, its answers come
later than the pictures they belong to, and what is added to them must wait; where it does not (every temporal padding
on the left), an answer comes with its own picture. At the very start the padding's zeros stand for the past. (For one
rate: Hedegaard and Iosifidis, "Continual 3D Convolutional Neural Networks", ECCV 2022.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from recognizers.nn.pictureconv import Layers


class Past:
    """What the push before left behind, in the order in which a network's layers ask for it; and what this one
    leaves."""

    def __init__(self, before: Sequence[Tensor] | None) -> None:
        """`before`: `left` of the push before; `None` at the start."""
        self._before = None if before is None else iter(before)
        self.left: list[Tensor] = []

    def then(self, x: Tensor, zeros: int = 0) -> Tensor:
        """`(N, C, T, …)` behind what was left; at the start, behind so many pictures of zeros."""
        before = x.new_zeros(*x.shape[:2], zeros, *x.shape[3:]) if self._before is None else next(self._before)
        if before.shape[2] == 0:
            return x
        return before if x.shape[2] == 0 else torch.cat((before, x), dim=2)

    def leave(self, x: Tensor) -> None:
        """For the next push to ask for at the same place."""
        self.left.append(x.clone())  # a slice would hold on to all of it


@dataclass(frozen=True, slots=True)
class Reach:
    """Which pictures an answer of a temporal convolution sees."""

    taps: int
    back: int
    """Of the taps, those that lie before the answer's own picture."""
    step: int = 1
    """Pictures from one answer to the next."""

    @property
    def ahead(self) -> int:
        """By how many pictures an answer comes later than its own."""
        return self.taps - 1 - self.back

    @property
    def window(self) -> int:
        """Pictures that are held for an answer. Where it steps further than it sees, more than it sees: what to leave
        out of the pictures to come needs no counting then."""
        return max(self.taps, self.step)

    @property
    def zeros(self) -> int:
        """Pictures of padding before the first."""
        return self.window - 1 - self.ahead

    def answers(self, frames: int) -> int:
        """How many come of so many pictures."""
        return max(0, (frames - self.window) // self.step + 1)


class StreamConv(nn.Module):
    """A convolution over `(N, C, T, H, W)` of whose answers as many come as have all their pictures."""

    def __init__(self, conv: nn.Module, reach: Reach) -> None:
        """`conv`: without padding in time; of too few pictures it makes none."""
        super().__init__()
        self.conv, self.reach = conv, reach

    def forward(self, x: Tensor, past: Past) -> tuple[Tensor, Tensor]:
        """The answers that are due and the pictures that they belong to, as many."""
        reach = self.reach
        if reach.window == 1:
            return self.conv(x), x
        x = past.then(x, reach.zeros)
        due = reach.answers(x.shape[2])
        past.leave(x[:, :, due * reach.step :])
        seen = slice(reach.window - reach.taps, max(0, due - 1) * reach.step + reach.window) if due else slice(0)
        own = slice(reach.zeros, reach.zeros + due * reach.step, reach.step)
        return self.conv(x[:, :, seen]), x[:, :, own]


class StreamBlock(nn.Module):
    """A bottleneck; what goes past its convolutions waits for them."""

    def __init__(self, a: StreamConv, b: nn.Module, c: nn.Module, projection: nn.Module | None, layers: Layers) -> None:
        super().__init__()
        self.a, self.b, self.c, self.projection, self.layers = a, b, c, projection, layers

    def forward(self, x: Tensor, past: Past) -> Tensor:
        y, own = self.a(x, past)
        kept = own if self.projection is None else self.projection(own)
        relu = self.layers.relu
        return relu(self.layers.add(self.c(relu(self.b(relu(y)))), kept))


def side_by_side(one: Tensor, other: Tensor, past: Past) -> Tensor:
    """Channels of two streams of pictures; the earlier one waits for the later."""
    one, other = past.then(one), past.then(other)
    due = min(one.shape[2], other.shape[2])
    past.leave(one[:, :, due:])
    past.leave(other[:, :, due:])
    return torch.cat((one[:, :, :due], other[:, :, :due]), dim=1)
