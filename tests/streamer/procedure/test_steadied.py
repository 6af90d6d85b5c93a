"""Verdicts out of noisy recognition."""

from __future__ import annotations

import numpy as np
import pytest

from streamer.event import CycleEvent, StepEvent
from streamer.procedure.graph import Procedure, Step
from streamer.procedure.monitor import Told
from streamer.procedure.steadied import SteadiedMonitor
from tests.streamer.procedure.work import only

LABELS = ("idle", "a", "b", "c", "d", "other")
TICK_S = 0.5
WORK = Procedure(
    "w",
    tuple(
        Step(name, name, only(*"abcd"[n - 1 : n]) if n else (), min_s=1, typical_s=4, max_s=12)
        for n, name in enumerate("abcd")
    ),
    starts_with="a",
    ends_with="d",
)


def recognized(runs: str, seed: int, wrong: float = 0.15) -> list[str]:
    """Each letter for four seconds, a second between; a share of moments shows some other label."""
    random = np.random.default_rng(seed)
    true = [label for one in runs for label in [*[one] * 8, "idle", "idle"]] + ["idle"] * 10
    return [str(random.choice(LABELS)) if random.random() < wrong else label for label in true]


def told(labels: list[str], blind: range = range(0)) -> list[Told]:
    monitor = SteadiedMonitor(WORK, LABELS, "idle", "cell", "bench")
    found = []
    for n, label in enumerate(labels):
        found += monitor.push(n * TICK_S, None if n in blind else label, TICK_S)
    return found + monitor.finish(len(labels) * TICK_S)


def verdicts(found: list[Told]) -> list[tuple[str, str]]:
    newest = {one.step_id: one for one in found if isinstance(one, StepEvent)}
    return [(one.step, str(one.verdict)) for one in newest.values()]


MISTAKES = [
    ("abcd", {("a", "done"), ("b", "done"), ("c", "done"), ("d", "done")}),
    ("abd", {("a", "done"), ("b", "done"), ("c", "missed"), ("d", "done")}),
    ("acbd", {("a", "done"), ("b", "out_of_order"), ("c", "out_of_order"), ("d", "done")}),
    ("abcbd", {("a", "done"), ("b", "done"), ("b", "repeated"), ("c", "done"), ("d", "done")}),
]


@pytest.mark.parametrize(("runs", "expected"), MISTAKES, ids=[runs for runs, _ in MISTAKES])
def test_mistakes_are_found_through_noise(runs: str, expected: set[tuple[str, str]]) -> None:
    right = [set(verdicts(told(recognized(runs, seed)))) == expected for seed in range(20)]
    assert sum(right) >= 19


def test_a_step_in_the_dark_is_inconclusive_even_if_work_usually_goes_so() -> None:
    for seed in range(10):
        found = verdicts(told(recognized("abcd", seed, 0.05), blind=range(9, 20)))
        assert dict(found) == {"a": "done", "b": "inconclusive", "c": "done", "d": "done"}


def test_steps_are_decided_some_seconds_late_and_the_unit_ends_when_it_ended() -> None:
    found = told(recognized("abcd", 0, 0.0))
    steps = [one for one in found if isinstance(one, StepEvent)]
    assert [one.took_s for one in steps] == [pytest.approx(4, abs=0.5)] * 4
    assert max(one.decided_at - one.at - (one.took_s or 0) for one in steps) <= 4.5
    end = found[-1]
    assert isinstance(end, CycleEvent)
    assert end.took_s == pytest.approx(19, abs=1)


def test_what_is_done_has_a_probability() -> None:
    monitor = SteadiedMonitor(WORK, LABELS, "idle", "cell", "bench")
    assert monitor.probability_done() == {}
    for n, label in enumerate(recognized("ab", 0, 0.0)):
        monitor.push(n * TICK_S, label, TICK_S)
    done = monitor.probability_done()
    assert done["a"] > 0.95
    assert done["b"] > 0.95
    assert done["d"] < 0.05
