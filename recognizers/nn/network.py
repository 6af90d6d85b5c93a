"""What every network of a clip is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar, Protocol, runtime_checkable

from torch import Tensor, nn


class Size(Protocol):
    """The plain numbers and words that make a network; a frozen dataclass."""

    @property
    def frames(self) -> int:
        """Pictures of a clip."""
        ...


@runtime_checkable
class Parted(Protocol):
    """A network whose forward is `decide(look(inputs))`: what was seen of an input can be kept, and asked about again.

    What decides sees nothing of the input but that; it is small, and learns in seconds.
    """

    DECIDING: ClassVar[tuple[str, ...]]
    """The modules of `decide`; all others belong to `look`."""

    def look(self, inputs: Tensor) -> Tensor:
        """Inputs `(N, …)` → features `(N, …)`, each row of one input."""
        ...

    def decide(self, features: Tensor) -> Tensor:
        """Features `(N, …)` → logits `(N, classes)`."""
        ...


@dataclass(frozen=True, slots=True)
class Family:
    """Networks of one kind: `(N, 3, T, H, W)` normalised pictures or `(N, C, T, J, M)` skeletons → `(N, classes)`
    logits."""

    size: type[Any]
    """The dataclass of its numbers, a `Size`."""
    sizes: Mapping[str, Callable[[], Any]]
    """Those that have a name."""
    network: Callable[[Any, int], nn.Module]
    """From numbers and the count of classes."""

    def named(self, name: str, changes: Mapping[str, Any]) -> Size:
        """The numbers of a named size, some of them changed.

        Raises:
            ValueError: no such size or number, or numbers that do not go together; says what there is.
        """
        if name not in self.sizes:
            raise ValueError(f"no size {name!r}; there are: {', '.join(self.sizes)}")
        known = {field.name for field in fields(self.size)}
        if unknown := sorted(set(changes) - known):
            raise ValueError(f"no number {', '.join(unknown)}; there are: {', '.join(sorted(known))}")
        changed = {key: tuple(value) if isinstance(value, list) else value for key, value in changes.items()}
        size: Size = replace(self.sizes[name](), **changed)
        return size
