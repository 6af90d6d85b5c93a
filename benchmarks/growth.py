"""What windows of a growing service, and of one that is asked too much, say together: figures, tables for people."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks.trends import Proportion, first_measurable, proportions
from benchmarks.windows import Window

LOAD = 0.7
"""Share of the machine up to which costs are to be proportional."""
WITHIN = 0.1
FAIR, AGE_S = 0.9, 1.0
HEAD = (
    "cameras", "load", "CPU ms/s", "of it first process", "ms per camera", "without constant", "in the first's",
    "work dearer", "idle ms per camera", "in the first's", "MiB resident", "shared out", "looked p50, p95 s",
    "event p50, p95 s",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Overload:
    """A service that is asked twice of what it can."""

    capacity: float
    """Clips a second that were looked at when everything was asked."""
    window: Window

    @property
    def times(self) -> float:
        """The capacity that is asked."""
        return self.window.work.asked / self.capacity

    def failings(self) -> list[str]:
        """What of the goals is not met; memory is for the reader, a minute says little."""
        work = self.window.work
        wrong = [f"fairness {work.fairness:.3f}"] if work.fairness < FAIR else []
        late_s = {name: work.ages[name][2] for name in ("queue", "looked")}
        return wrong + [f"{name} p99 {age_s:.2f} s" for name, age_s in late_s.items() if age_s > AGE_S]


@dataclass(frozen=True, slots=True)
class Linear:
    """One side's costs as its cameras became more; CPU seconds a second."""

    constant: float
    first: int
    """Cameras that everything is compared with."""
    plain: Sequence[Proportion]
    idle: Sequence[Proportion]
    """The same in seconds of an idle machine."""

    def off(self, windows: Sequence[Window], proportions: Sequence[Proportion]) -> tuple[float, float]:
        """The least and the most that a camera costs in what one of the fewest does, up to the load that counts."""
        counts = {one.cameras for one in windows if one.costs.load <= LOAD}
        shares = [one.of_first for one in proportions if one.n in counts]
        return min(shares, default=math.nan), max(shares, default=math.nan)


def linear(windows: Sequence[Window]) -> Linear:
    """Of windows that begin with one without any camera."""
    none, *some = windows
    slices = {one.cameras: one.costs.slices for one in some}
    first = first_measurable(slices, none.costs.used)
    plain = proportions({one.cameras: one.costs.used for one in some}, none.costs.used, first)
    idle_s = {one.cameras: one.costs.used / one.costs.dearer for one in some}
    return Linear(
        none.costs.used, first, plain, proportions(idle_s, none.costs.used / none.costs.dearer, first)
    )  # fmt: skip


def report(grew: Mapping[str, Sequence[Window]], over: Mapping[str, Overload]) -> dict[str, Any]:
    """Everything that was measured; None where there is no figure."""
    told: dict[str, Any] = {"linear": {}, "overload": {}}
    for side, windows in grew.items():
        of = linear(windows)
        told["linear"][side] = {
            **asdict(of),
            "off_plain": of.off(windows, of.plain),
            "off_idle": of.off(windows, of.idle),
            "windows": [asdict(one) for one in windows],
        }
    for side, one in over.items():
        told["overload"][side] = {
            "capacity": one.capacity,
            "times": one.times,
            "fairness": one.window.work.fairness,
            "failings": one.failings(),
            **asdict(one.window),
        }
    return dict(_known(told))


def _known(told: Any) -> Any:
    """JSON knows no number that is none."""
    if isinstance(told, Mapping):
        return {key: _known(one) for key, one in told.items()}
    if isinstance(told, list | tuple):
        return [_known(one) for one in told]
    return None if isinstance(told, float) and not math.isfinite(told) else told


def linear_text(one: Window) -> str:
    costs, ages = one.costs, one.work.ages
    return (
        f"{one.cameras} cameras: {1e3 * costs.used:.0f} ms/s, load {costs.load:.2f}, work {costs.dearer:.2f} times as "
        f"dear, {sum(of.rss for of in costs.memory):.0f} MiB, {sum(one.work.looked.values()):.1f} of "
        f"{one.work.asked:.1f} clips/s, looked p95 {ages['looked'][1]:.2f} s, event p95 {ages['event'][1]:.2f} s"
    )


def overload_text(one: Window) -> str:
    work, costs = one.work, one.costs
    shed = ", ".join(f"{reason} {rate:.1f}" for reason, rate in work.shed.items())
    return (
        f"{one.cameras} cameras, {work.asked:.1f} clips/s asked, {sum(work.looked.values()):.1f} looked at (shed: "
        f"{shed or 'none'}), fairness {work.fairness:.3f}, levels {dict(work.degraded)}, {work.refused} refused, "
        f"queue p99 {work.ages['queue'][2]:.2f} s, looked p99 {work.ages['looked'][2]:.2f} s, "
        f"event p95 {work.ages['event'][1]:.2f} s, memory {costs.grows:+.1f} MiB/min, load {costs.load:.2f}"
    )


def text(about: Mapping[str, object], grew: Mapping[str, Sequence[Window]], over: Mapping[str, Overload]) -> str:
    """For people, as tables of Markdown."""
    lines = [" · ".join(f"{key} {value}" for key, value in about.items())]
    for side, windows in grew.items():
        lines += ["", *_table(side, windows)]
    for side, one in over.items():
        lines += [
            "",
            f"{side}, {one.times:.2f} times its capacity of {one.capacity:.1f} clips/s: {overload_text(one.window)}",
            f"  goals (fairness {FAIR:g}, ages {AGE_S:g} s): {'; '.join(one.failings()) or 'met'}",
        ]
    return "\n".join(lines)


def _table(side: str, windows: Sequence[Window]) -> list[str]:
    of = linear(windows)
    plain, idle = {one.n: one for one in of.plain}, {one.n: one for one in of.idle}
    head = " | ".join(HEAD)
    rows = [f"| {head} |", "|" + "---|" * (len(HEAD))]
    for one in windows:
        costs, n = one.costs, one.cameras
        cells = [
            f"{n}", f"{costs.load:.2f}", f"{1e3 * costs.used:.0f}", f"{1e3 * costs.first:.0f}",
            f"{1e3 * costs.used / n:.1f}" if n else "–", *_each(plain.get(n)), f"{costs.dearer:.2f}",
            *_each(idle.get(n)), f"{sum(of.rss for of in costs.memory):.0f}",
            f"{sum(of.pss for of in costs.memory):.0f}", *(_ages(one, name) for name in ("looked", "event")),
        ]  # fmt: skip
        rows.append(f"| {' | '.join(cells)} |")
    least, most = of.off(windows, of.plain)
    idle_least, idle_most = of.off(windows, of.idle)
    return [
        f"{side}: constant {1e3 * of.constant:.0f} ms/s, compared with {of.first} camera(s)",
        "",
        *rows,
        "",
        f"up to {100 * LOAD:.0f} % load a camera costs {least:.2f} to {most:.2f} of that; in seconds of an idle "
        f"machine {idle_least:.2f} to {idle_most:.2f}",
    ]


def _each(of: Proportion | None) -> tuple[str, str]:
    return ("–", "–") if of is None else (f"{1e3 * of.each:.1f}", f"{of.of_first:.2f}")


def _ages(one: Window, name: str) -> str:
    middle, late, _ = one.work.ages[name]
    return f"{middle:.2f}, {late:.2f}" if one.cameras else "–"
