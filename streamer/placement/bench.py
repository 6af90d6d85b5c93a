"""The streams of one slot, and the arithmetic of what fits beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from streamer.placement.fleet import MOST_LEVEL, Cost, Slot, Wish

EPSILON = 1e-9


@dataclass(slots=True)
class Seated:
    """A stream in its place."""

    wish: Wish
    cost: Callable[[], Cost]
    term: int
    level: int = 0

    @property
    def load(self) -> float:
        return self.cost().at(self.level)


@dataclass(slots=True)
class Bench:
    """A slot that lives."""

    slot: Slot
    seated: dict[str, Seated] = field(default_factory=dict)
    overhead: float = 0.0
    """Of its measured load, what no stream explains."""
    strained_since_s: float | None = None
    calm_since_s: float | None = None
    rests_until_s: float = float("-inf")
    """What was changed last is to be measured before anything else is changed."""

    @property
    def load(self) -> float:
        return self.overhead + sum(one.load for one in self.seated.values())

    @property
    def share(self) -> float:
        """Of its capacity."""
        return self.load / self.slot.capacity

    @property
    def has_room(self) -> bool:
        """For another stream, as far as their number goes."""
        return len(self.seated) < self.slot.most

    @property
    def lowest(self) -> float:
        """The priority of what matters least here; infinite where there is nothing."""
        return min((one.wish.priority for one in self.seated.values()), default=float("inf"))

    def takes(self, load: float, limit: float) -> bool:
        """Whether it stays within a share of its capacity with so much more."""
        return self.load + load <= limit * self.slot.capacity + EPSILON

    def weakest_first(self) -> list[Seated]:
        """The lowest priority first; of equals the one that is degraded least, so that all bear their part."""
        return sorted(self.seated.values(), key=lambda one: (one.wish.priority, one.level, one.wish.stream))

    def squeezed(self, excess: float, priority: int) -> list[str] | None:
        """Streams of this priority or a lower one that must be degraded by a level each, some perhaps twice, so that
        the load falls by `excess`; None: it does not suffice."""
        steps: list[str] = []
        for one in self._steps(priority):
            if excess <= EPSILON:
                break
            stream, relief = one
            steps.append(stream)
            excess -= relief
        return steps if excess <= EPSILON else None

    def _steps(self, priority: int) -> Iterator[tuple[str, float]]:
        """Every level that can still be taken, in order, with the load that goes with it."""
        may = [one for one in self.weakest_first() if one.wish.priority <= priority]
        ladder = [
            (one.wish.priority, level, one.wish.stream, one.cost().at(level) - one.cost().at(level + 1))
            for one in may
            for level in range(one.level, MOST_LEVEL)
        ]
        for _, _, stream, relief in sorted(ladder):
            if relief > EPSILON:
                yield stream, relief
