"""Events and messages for tests and benchmarks."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

from streamer.event import (
    ActionEvent,
    Actor,
    CycleEvent,
    CyclePhase,
    Ending,
    OpenAction,
    Phase,
    Reason,
    StepEvent,
    Verdict,
)
from streamer.wire import Message, action_message


def action_event(
    stream: str = "cam",
    phase: Phase = Phase.STARTED,
    number: int = 0,
    reason: Reason = Reason.COMPLETED,
    actor: Actor | None = None,
) -> ActionEvent:
    ended = phase is Phase.ENDED
    at = 1_700_000_000.0 + number
    return ActionEvent(
        action_id=uuid4(),
        stream=stream,
        watch="bench",
        epoch=1,
        action="tighten",
        phase=phase,
        at=at,
        started_at=at - 2.0 if ended else at,
        decided_at=at + 0.5,
        duration_s=2.0 if ended and reason is not Reason.INTERRUPTED else None,
        score=0.9,
        reason=reason if ended else None,
        revision=1 if phase is Phase.REVISED else 0,
        actor=actor,
    )


def step_event(stream: str = "cam", verdict: Verdict = Verdict.MISSED, revision: int = 0) -> StepEvent:
    return StepEvent(
        step_id=uuid4(),
        stream=stream,
        watch="bench",
        procedure="gearbox",
        cycle_id=uuid4(),
        step="seal",
        verdict=verdict,
        at=1_700_000_000.0,
        decided_at=1_700_000_003.5,
        took_s=2.0 if verdict is Verdict.DONE else None,
        overtaken_by=("lid",) if verdict is Verdict.MISSED else (),
        revision=revision,
        unit_id="SN-0042",
    )


def cycle_event(stream: str = "cam", phase: CyclePhase = CyclePhase.STARTED) -> CycleEvent:
    over = phase is not CyclePhase.STARTED
    return CycleEvent(
        cycle_id=uuid4(),
        stream=stream,
        watch="bench",
        procedure="gearbox",
        phase=phase,
        at=1_700_000_060.0 if over else 1_700_000_000.0,
        decided_at=1_700_000_061.0 if over else 1_700_000_001.0,
        reason=Ending.FINISHED if over else None,
        took_s=60.0 if over else None,
        takt_s=55.0,
        steps=(("seal", 4.0), ("lid", 6.5)) if over else (),
        unit_id="SN-0042",
    )


def message(stream: str = "cam", number: int = 0) -> Message:
    """A started action; no two have the same key."""
    return action_message(action_event(stream, number=number), "arrival")


def open_action(stream: str = "cam", actor: Actor | None = None) -> OpenAction:
    return OpenAction.of(action_event(stream, actor=actor))


def cycle_start(stream: str = "cam") -> CycleEvent:
    """No two are of the same unit."""
    at = 1_700_000_000.0
    return CycleEvent(uuid4(), stream, "bench", "box", CyclePhase.STARTED, at, at + 0.5, takt_s=10.0, unit_id="unit-7")


def cycle_end(started: CycleEvent) -> CycleEvent:
    at = started.at + 8.0
    return replace(started, phase=CyclePhase.COMPLETED, at=at, decided_at=at + 0.5, took_s=8.0, reason=Ending.FINISHED)


def step_done(cycle: CycleEvent, revision: int = 0) -> StepEvent:
    at = cycle.at + 1.0
    header = (cycle.stream, cycle.watch, cycle.procedure, cycle.cycle_id)
    return StepEvent(cycle.cycle_id, *header, "pick", Verdict.DONE, at, at + 2.0, took_s=1.5, revision=revision)
