"""What every network of a clip is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields, replace
from typing import Any, ClassVar, Protocol, runtime_checkable

from torch import Tensor, nn

from recognizers.nn.numbers import typed


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
            ValueError: no such size or number, one of another type, or numbers that do not go together; says what
                would be right.
        """
        if name not in self.sizes:
            raise ValueError(f"no size {name!r}; there are: {', '.join(self.sizes)}")
        size: Size = replace(self.sizes[name](), **typed(self.size, changes))
        return size

    def described(self, numbers: Mapping[str, Any]) -> Size:
        """The numbers that a card holds.

        Raises:
            ValueError: one is missing, or as in `named`.
        """
        given = typed(self.size, numbers)
        if lacking := [one.name for one in fields(self.size) if one.default is MISSING and one.name not in given]:
            raise ValueError(f"{', '.join(lacking)} is missing")
        size: Size = self.size(**given)
        return size
