"""Where the workers of a service are, and how they begin there: on this machine, or on many."""

from __future__ import annotations

import os
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Protocol

from streamer.placement import Slot
from streamer.workers.hosting import Begin, beginning
from streamer.workers.pulse import USUAL, Deadlines


class Slots(Protocol):
    """The supervisor, as whoever knows of machines sees it. Called on its loop."""

    def come(self, slot: Slot) -> None:
        """A worker may begin there from now on."""
        ...

    def go(self, slot: str) -> None:
        """Its machine is no more: what it has goes elsewhere, and nobody begins there."""
        ...


async def nothing_changes(_: Slots) -> None:
    """The machine stays as it is."""


@dataclass(frozen=True, slots=True)
class Crew:
    """Who works."""

    words: str
    """For people."""
    slots: tuple[Slot, ...]
    """At the beginning."""
    begin: Begin
    deadlines: Deadlines = USUAL
    watch: Callable[[Slots], Coroutine[Any, Any, None]] = nothing_changes
    """Runs beside: tells which slots come and go."""
    all_needed: bool = True
    """Whether the service is ready only when there is a worker in every slot; else one suffices."""


def cpus_each(workers: int) -> float:
    """A worker's part of this machine's CPUs."""
    return (len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1) / workers


def crew_here(workers: int) -> Crew:
    """So many processes of this machine."""
    slots = tuple(Slot(str(n)) for n in range(workers))
    return Crew(f"{workers} workers", slots, beginning(cpus_each(workers)))
