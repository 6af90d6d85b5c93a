"""CaptainCook4D (Peddi et al., NeurIPS 2024): annotated steps against the official task graphs.

The monitor is given each recipe's graph as it is published and the annotated steps as actions; it has not seen the
annotations of errors. A step that the annotators tagged with Order Error is to be `out_of_order`, one tagged Missing
Step to be `missed`. Nothing is fitted.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from streamer.event import EVENT_NAMESPACE, ActionEvent, Phase, Reason, StepEvent, Verdict
from streamer.procedure.evaluation.scores import Counts, counted
from streamer.procedure.graph import Procedure, Step
from streamer.procedure.monitor import ProcedureMonitor

END = "END"


@dataclass(frozen=True, slots=True)
class Annotated:
    """One step of a recording."""

    action: str
    start: float
    end: float
    """Seconds; negative where it was not done."""
    out_of_order: bool
    missing: bool


def evaluate(folder: Path) -> dict[str, float]:
    """Figures over all recordings, fractions of 1.

    Raises:
        OSError, ValueError, KeyError: no folder of CaptainCook4D's annotations.
    """
    if not _graphs(folder):
        raise ValueError("no task_graphs/*.json in it")
    procedures = {path.stem: procedure_of_graph(json.loads(path.read_text())) for path in _graphs(folder)}
    online, offline, missing = Counts(), Counts(), Counts()
    steps = 0
    for recipe, annotated in recordings(folder):
        done = [one for one in annotated if one.start >= 0]
        told = monitored(procedures[recipe], done)
        first, last = _by_step(told)
        online += counted((_suspected(first.get(_key(one))), one.out_of_order) for one in done)
        offline += counted((_verdict(last.get(_key(one))) is Verdict.OUT_OF_ORDER, one.out_of_order) for one in done)
        missing += _compared(procedures[recipe], told, annotated)
        steps += len(done)
    return {
        "order_f1": offline.f1,
        "order_precision": offline.precision,
        "order_recall": offline.recall,
        "order_f1_online": online.f1,
        "order_precision_online": online.precision,
        "order_recall_online": online.recall,
        "missing_f1": missing.f1,
        "missing_precision": missing.precision,
        "missing_recall": missing.recall,
        "steps": steps,
    }


def _graphs(folder: Path) -> list[Path]:
    return sorted((folder / "task_graphs").glob("*.json"))


def procedure_of_graph(graph: Mapping[str, Any]) -> Procedure:
    """Its step END is done when the recording ends; steps of the same text look the same."""
    texts = {str(node): str(text) for node, text in graph["steps"].items() if text != "START"}
    after: dict[str, list[frozenset[str]]] = {node: [] for node in texts}
    for before, node in graph["edges"]:
        if str(before) in texts:
            after[str(node)].append(frozenset({str(before)}))
    last = next(node for node, text in texts.items() if text == END)
    steps = tuple(Step(node, _plain(text), tuple(after[node])) for node, text in texts.items())
    return Procedure("recipe", steps, ends_with=last, idle_s=math.inf)


def recordings(folder: Path) -> Iterator[tuple[str, list[Annotated]]]:
    """Each recording's recipe and steps, the latter in the order in which they began."""
    notes = folder / "annotation_json"
    names = json.loads((notes / "complete_step_annotations.json").read_text())
    for recording in json.loads((notes / "error_annotations.json").read_text()):
        recipe = _plain(names[recording["recording_id"]]["activity_name"])
        steps = []
        for one in recording["step_annotations"]:
            tags = {error["tag"] for error in one.get("errors", ())}
            action, start, end = _plain(one["description"]), float(one["start_time"]), float(one["end_time"])
            steps.append(Annotated(action, start, end, "Order Error" in tags, "Missing Step" in tags))
        yield recipe, sorted(steps, key=lambda one: one.start)


def _plain(text: str) -> str:
    """The graphs and the annotations differ in signs and capitals."""
    return END if text == END else re.sub(r"[^a-z0-9]", "", text.lower())


def monitored(procedure: Procedure, done: list[Annotated]) -> list[StepEvent]:
    """What the monitor says of it, step by step as it happened."""
    monitor = ProcedureMonitor(procedure, "recording", "kitchen")
    over = max((one.end for one in done), default=0.0) + 1.0
    everything = [*done, Annotated(END, over, over, False, False)]
    moments = [event for n, one in enumerate(everything) for event in _events(one, n)]
    told = [told for event in sorted(moments, key=lambda event: event.at) for told in monitor.observe(event)]
    return [one for one in told if isinstance(one, StepEvent)]


def _events(one: Annotated, n: int) -> Iterator[ActionEvent]:
    name: UUID = uuid5(EVENT_NAMESPACE, str(n))
    for phase, at in ((Phase.STARTED, one.start), (Phase.ENDED, max(one.end, one.start))):
        ended = phase is Phase.ENDED
        yield ActionEvent(
            action_id=name,
            stream="recording",
            watch="kitchen",
            epoch=1,
            action=one.action,
            phase=phase,
            at=at,
            started_at=one.start,
            decided_at=at,
            duration_s=at - one.start if ended else None,
            score=1.0,
            reason=Reason.COMPLETED if ended else None,
        )


def _key(one: Annotated) -> float:
    return one.start


def _by_step(told: list[StepEvent]) -> tuple[dict[float, StepEvent], dict[float, StepEvent]]:
    """The first and the newest that was said of the step that began at a moment."""
    first: dict[float, StepEvent] = {}
    last: dict[float, StepEvent] = {}
    for one in told:
        if one.verdict not in (Verdict.MISSED, Verdict.INCONCLUSIVE):
            first.setdefault(one.at, one)
            last[one.at] = one
    return first, last


def _suspected(first: StepEvent | None) -> bool:
    """Whether it was said at once: for certain, or as more likely than not."""
    if first is None:
        return False
    likely = first.verdict is Verdict.PREMATURE and first.probability > 0.5
    return likely or first.verdict is Verdict.OUT_OF_ORDER


def _verdict(last: StepEvent | None) -> Verdict | None:
    return None if last is None else last.verdict


def _compared(procedure: Procedure, told: list[StepEvent], annotated: list[Annotated]) -> Counts:
    """Steps that were missed, by their text."""
    actions = {step.name: step.action for step in procedure.steps}
    said = Counter(actions[one.step] for one in told if one.verdict is Verdict.MISSED)
    true = Counter(one.action for one in annotated if one.missing)
    right = (said & true).total()
    return Counts(right, said.total() - right, true.total() - right)
