"""Which slots the machines of a cluster have, and how they come and go. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import count

from streamer.placement import Slot

CPUS_EACH = 4
"""Of a worker, where nobody says how many a machine has."""


@dataclass(frozen=True, slots=True)
class Node:
    """A machine that Ray says is alive."""

    id: str
    """Of this start of it."""
    name: str
    """The same over restarts."""
    cpus: float
    gpus: float = 0.0


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many workers a machine has."""

    per_node: int | None = None
    """None: one for each `CPUS_EACH` CPUs."""
    gpus_each: float = 0.0
    """Share of a GPU that each has for itself."""

    def workers(self, node: Node) -> int:
        """On a machine; none where it has no CPUs for us, or no GPU though workers need one."""
        wanted = max(1, math.floor(node.cpus / CPUS_EACH)) if self.per_node is None else self.per_node
        if node.cpus <= 0:
            return 0
        return wanted if not self.gpus_each else min(wanted, math.floor(node.gpus / self.gpus_each + 1e-9))


@dataclass(frozen=True, slots=True)
class Berth:
    """Where a worker is to begin."""

    slot: Slot
    node: str
    """The id of the machine's newest start."""
    cpus: float
    """Of the machine, the part that is this slot's."""


def name_of(said: str) -> str:
    """A machine's name as a part of folders, topics and labels."""
    return re.sub(r"[^A-Za-z0-9.-]", "-", said)


def berths_of(node: Node, sizes: Sizes) -> list[Berth]:
    """Its slots: `<name>-0`, `<name>-1`, …"""
    count = sizes.workers(node)
    slots = [Slot(f"{node.name}-{n}", node.name) for n in range(count)]
    return [Berth(slot, node.id, node.cpus / count) for slot in slots]


@dataclass(frozen=True, slots=True)
class Changes:
    came: tuple[Slot, ...] = ()
    went: tuple[str, ...] = ()
    doubled: tuple[str, ...] = ()
    """Names that several machines have, which is a mistake, or one that was begun again before Ray missed it."""


class Berths:
    """Told which machines are alive; knows where each slot is."""

    def __init__(self, sizes: Sizes) -> None:
        self._sizes = sizes
        self._starts = count()
        self._seen: dict[str, int] = {}
        """Of those that are alive, in which order they came."""
        self._berths: dict[str, Berth] = {}

    @property
    def slots(self) -> tuple[Slot, ...]:
        return tuple(berth.slot for berth in self._berths.values())

    def where(self, slot: str) -> Berth | None:
        """None: its machine is not there."""
        return self._berths.get(slot)

    def alive(self, nodes: Sequence[Node]) -> Changes:
        """These are alive now. Of two of a name the one that was seen first later is meant."""
        self._seen = {node.id: self._seen[node.id] if node.id in self._seen else next(self._starts) for node in nodes}
        newest: dict[str, Node] = {}
        for node in sorted(nodes, key=lambda node: self._seen[node.id]):
            newest[node.name] = node
        now = {berth.slot.id: berth for node in newest.values() for berth in berths_of(node, self._sizes)}
        before, self._berths = self._berths, now
        return Changes(
            tuple(berth.slot for slot, berth in now.items() if slot not in before),
            tuple(slot for slot in before if slot not in now),
            _doubled(nodes, newest),
        )


def _doubled(nodes: Collection[Node], newest: Mapping[str, Node]) -> tuple[str, ...]:
    return tuple(sorted({node.name for node in nodes if newest[node.name] is not node}))
