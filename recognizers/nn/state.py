"""What a network keeps between two pushes of an endless clip: plain numbers that can be put together and taken apart,
moved and saved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True, repr=False)
class StreamState:
    """Of N streams at the same place: their buffers have equal shapes."""

    seen: tuple[int, ...]
    """Pictures so far, of each stream."""
    buffers: tuple[Tensor, ...]
    """`(N, …)` what the next push asks for, in the network's order."""

    def __repr__(self) -> str:
        return f"StreamState(seen={self.seen}, {len(self.buffers)} buffers, {self.nbytes} bytes)"

    @property
    def nbytes(self) -> int:
        return sum(buffer.nbytes for buffer in self.buffers)

    @property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """Of one stream's buffers."""
        return tuple(tuple(buffer.shape[1:]) for buffer in self.buffers)

    def to(self, device: torch.device | str) -> StreamState:
        return StreamState(self.seen, tuple(buffer.to(device) for buffer in self.buffers))

    def split(self) -> list[StreamState]:
        """One state a stream; none holds on to another's memory."""
        if len(self.seen) == 1:
            return [self]
        return [
            StreamState((seen,), tuple(buffer[n : n + 1].clone() for buffer in self.buffers))
            for n, seen in enumerate(self.seen)
        ]

    def tensors(self) -> dict[str, Tensor]:
        """By name, as a safetensors file holds them."""
        named = {f"buffer.{place:03}": buffer.contiguous() for place, buffer in enumerate(self.buffers)}
        return {"seen": torch.tensor(self.seen), **named}

    @classmethod
    def of_tensors(cls, tensors: Mapping[str, Tensor]) -> StreamState:
        """What `tensors` gave."""
        names = sorted(name for name in tensors if name != "seen")
        return cls(tuple(tensors["seen"].tolist()), tuple(tensors[name] for name in names))


def stack(states: Sequence[StreamState]) -> StreamState:
    """Several streams as one batch, in their order.

    Raises:
        ValueError: they are not at the same place.
    """
    if any(one.shapes != other.shapes for one, other in pairwise(states)):
        raise ValueError("states of streams at different places do not go into one batch; stack those of equal shapes")
    buffers = (torch.cat(buffers) for buffers in zip(*(state.buffers for state in states), strict=True))
    return StreamState(tuple(seen for state in states for seen in state.seen), tuple(buffers))
