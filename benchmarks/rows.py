"""What a comparison of recognizers says: a row for each set and network, and who errs less."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import mean, pstdev
from typing import Any


@dataclass(frozen=True, slots=True)
class Row:
    """One network on one set."""

    set: str
    network: str
    accuracy: tuple[float, ...]
    """Of each seed."""
    backwards: tuple[float, ...]
    """Of each seed, on those actions alone that are another one when played backwards; empty where there are none."""
    parameters: int
    gmac: float
    ms: float
    reversed: tuple[float, ...] = ()
    """Of each seed, on the same clips played backwards, each of which then shows the other action."""

    @property
    def error(self) -> float:
        return 1 - mean(self.accuracy)


def table(rows: Sequence[Row]) -> str:
    """For people."""
    shares = "".join(f"{name:>16}" for name in ("accuracy", "backwards", "reversed"))
    head = f"{'set':14}{'network':18}{shares}{'parameters':>12}{'GMAC':>9}{'ms':>7}"
    lines = [
        f"{row.set:14}{row.network:18}{_spread(row.accuracy):>16}{_spread(row.backwards):>16}"
        f"{_spread(row.reversed):>16}{row.parameters:>12,}{row.gmac:>9.4f}{row.ms:>7.2f}"
        for row in rows
    ]
    return "\n".join([head, *lines])


def comparison(rows: Sequence[Row], ours: str, baseline: str) -> dict[str, Any]:
    """Our mean error over the sets that both were measured on, in the baseline's; and where we are the worse one."""
    errors = {(row.set, row.network): row.error for row in rows}
    both = [name for name in dict.fromkeys(row.set for row in rows) if {(name, ours), (name, baseline)} <= set(errors)]
    if not both:
        return {}
    mine, theirs = (mean(errors[name, network] for name in both) for network in (ours, baseline))
    return {
        "mean_error": {ours: round(mine, 4), baseline: round(theirs, 4)},
        "of_the_baselines": round(mine / theirs, 4) if theirs else None,
        "worse_on": [name for name in both if errors[name, ours] > errors[name, baseline]],
    }


def as_json(row: Row) -> dict[str, Any]:
    return asdict(row)


def _spread(values: Sequence[float]) -> str:
    return f"{mean(values):.2%} ± {100 * pstdev(values):.2f}" if values else "–"
