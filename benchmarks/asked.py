"""What a run of a benchmark is to measure."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Asked:
    """A table, or some of it."""

    folder: Path
    """Where its sets are."""
    sets: list[str]
    networks: list[str]
    seeds: int
    steps: int | None
    """Of each training; `None`: as the table has them."""
    device: str
    """Where networks learn; see `Recipe.device`."""
    kept: Path
    """A folder for networks, trained and half trained."""
