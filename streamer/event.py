"""What happened: the events that leave the thinking part of the service."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID, uuid5

EVENT_NAMESPACE = UUID("8f2f3c1e-6f5b-5d0a-9a53-6a1d8f0c7d11")


class Phase(StrEnum):
    STARTED = "started"
    ENDED = "ended"
    REVISED = "revised"


class Reason(StrEnum):
    """Why a segment ended."""

    COMPLETED = "completed"
    """The action itself was over."""
    SOURCE_LOST = "source_lost"
    SOURCE_ENDED = "source_ended"
    SHUTDOWN = "shutdown"
    TOO_LONG = "too_long"
    """It went on for as long as its rule allows."""
    ACTOR_LEFT = "actor_left"
    """Who did it is no longer seen."""
    MODEL_CHANGED = "model_changed"
    """Another network took over that does not know this action."""
    STOPPED = "stopped"
    """Somebody stopped the stream."""
    REMOVED = "removed"
    """Somebody took the stream away."""
    CHANGED = "changed"
    """The stream's settings changed; it is watched anew."""
    INTERRUPTED = "interrupted"
    """The service was killed while the action was open; found at the next start."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something, where people are told apart."""

    id: int
    """From 1; the same person as long as they are seen, nobody else's within watch and epoch."""
    box: tuple[float, float, float, float]
    """xyxy in fractions of the whole picture: where they were in the deciding clip, or when last seen."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where pictures of an event will be; they are still to be taken when the event is published."""

    ready_at: float
    """Unix seconds from which on they can be expected. They may be late; whatever was in the way, they may not come."""
    clip: str | None = None
    """Address of a film."""
    snapshot: str | None = None
    """Address of a picture."""


@dataclass(frozen=True, slots=True)
class ActionEvent:
    """One phase of one action segment."""

    action_id: UUID
    """Names the segment; shared by its started, revised and ended events."""
    stream: str
    watch: str
    epoch: int
    action: str
    phase: Phase
    at: float
    """Unix seconds of the moment the phase speaks of: start (back-dated) or end."""
    started_at: float
    """Unix seconds of the segment's start, in every phase."""
    decided_at: float
    """Unix seconds at which the newest picture of the deciding clip was captured."""
    duration_s: float | None
    """Media seconds from start to end; only when ended by a clip or a source (None when interrupted)."""
    score: float
    """Started: the smoothed score when it counted as begun. Ended: the mean score over the segment. In [0, 1]."""
    reason: Reason | None = None
    revision: int = 0
    actor: Actor | None = None
    model: str = ""
    """The id of the network that decided it; empty: not known (found open after a crash)."""
    evidence: Evidence | None = None

    @property
    def event_id(self) -> UUID:
        """Unique per message and the same whenever it is sent, stored or replayed again."""
        return uuid5(self.action_id, f"{self.phase}:{self.revision}")

    @property
    def subject(self) -> UUID:
        """What it speaks of: all events of one subject are kept, or none."""
        return self.action_id

    @property
    def opens(self) -> bool:
        """Whether it is the first of its subject."""
        return self.phase is Phase.STARTED

    @property
    def closes(self) -> bool:
        """Whether it is the last of its subject."""
        return self.phase is Phase.ENDED


def action_id(stream: str, watch: str, epoch: int, action: str, start_media_s: float, actor: int | None = None) -> UUID:
    """The id of a segment: the same input gives the same id (replay), two segments never share one."""
    who = "" if actor is None else f"/{actor}"
    return uuid5(EVENT_NAMESPACE, f"{stream}/{watch}/{epoch}/{action}/{start_media_s:.6f}{who}")


@dataclass(frozen=True, slots=True)
class OpenAction:
    """What is remembered of an action that has started and not ended: enough to end it after a crash."""

    action_id: UUID
    stream: str
    watch: str
    epoch: int
    action: str
    started_at: float
    score: float
    actor: Actor | None = None

    @classmethod
    def of(cls, started: ActionEvent) -> OpenAction:
        return cls(
            action_id=started.action_id,
            stream=started.stream,
            watch=started.watch,
            epoch=started.epoch,
            action=started.action,
            started_at=started.started_at,
            score=started.score,
            actor=started.actor,
        )

    def interrupted(self, now: float) -> ActionEvent:
        """The end of an action whose real end nobody saw; `now` is when that was found out."""
        return ActionEvent(
            action_id=self.action_id,
            stream=self.stream,
            watch=self.watch,
            epoch=self.epoch,
            action=self.action,
            phase=Phase.ENDED,
            at=max(now, self.started_at),
            started_at=self.started_at,
            decided_at=max(now, self.started_at),
            duration_s=None,
            score=self.score,
            reason=Reason.INTERRUPTED,
            actor=self.actor,
        )


class Verdict(StrEnum):
    """What became of one step of a procedure."""

    DONE = "done"
    MISSED = "missed"
    PREMATURE = "premature"
    """Begun while something that must be done before was not; what that was is not known yet. Is revised."""
    OUT_OF_ORDER = "out_of_order"
    REPEATED = "repeated"
    OVERTIME = "overtime"
    UNDERSHOOT = "undershoot"
    UNDONE = "undone"
    INCONCLUSIVE = "inconclusive"
    """The camera could not see."""


@dataclass(frozen=True, slots=True)
class StepEvent:
    """What is known of one step of one unit; the newest revision counts."""

    step_id: UUID
    """Names the step as it was done (or was to be done) here; shared by all revisions."""
    stream: str
    watch: str
    procedure: str
    cycle_id: UUID
    step: str
    verdict: Verdict
    at: float
    """Unix seconds: when the step began; of what was not done, when that was decided."""
    decided_at: float
    """Unix seconds."""
    took_s: float | None = None
    """Media seconds from start to end, once it is over and was seen as a whole."""
    missing: tuple[str, ...] = ()
    """What should have been done before and was not; `a|b` where one of them would have been enough."""
    overtaken_by: tuple[str, ...] = ()
    """Steps that need this one and came before it."""
    probability: float = 1.0
    """How sure the verdict is: of `premature`, that what is missing still comes. In [0, 1]."""
    revision: int = 0
    unit_id: str | None = None
    work_order: str | None = None
    evidence: Evidence | None = None

    @property
    def event_id(self) -> UUID:
        """As of an ActionEvent."""
        return uuid5(self.step_id, str(self.revision))

    @property
    def subject(self) -> UUID:
        """Its cycle."""
        return self.cycle_id

    @property
    def opens(self) -> bool:
        return False

    @property
    def closes(self) -> bool:
        return False


class CyclePhase(StrEnum):
    STARTED = "started"
    COMPLETED = "completed"
    ABANDONED = "abandoned"


class Ending(StrEnum):
    """Why a cycle ended."""

    FINISHED = "finished"
    NEXT_BEGAN = "next_began"
    """The first step of the next unit was seen; what was open is missed."""
    ABORTED = "aborted"
    IDLE = "idle"
    SOURCE_ENDED = "source_ended"
    SHUTDOWN = "shutdown"
    STOPPED = "stopped"
    REMOVED = "removed"
    CHANGED = "changed"
    INTERRUPTED = "interrupted"
    """The service was killed while the unit was worked on; found at the next start."""


@dataclass(frozen=True, slots=True)
class CycleEvent:
    """Start or end of one unit's work."""

    cycle_id: UUID
    stream: str
    watch: str
    procedure: str
    phase: CyclePhase
    at: float
    """Unix seconds of the start or the end."""
    decided_at: float
    """Unix seconds."""
    reason: Ending | None = None
    took_s: float | None = None
    """Seconds from its start to its end; not when it started."""
    takt_s: float | None = None
    """Seconds that it should take."""
    steps: tuple[tuple[str, float], ...] = ()
    """Seconds that each step took, all its times together, in the order of the procedure."""
    left: tuple[str, ...] = ()
    """What was not seen to be done."""
    unit_id: str | None = None
    work_order: str | None = None

    @property
    def deviation_s(self) -> float | None:
        """How much longer than the takt it took."""
        return None if self.took_s is None or self.takt_s is None else self.took_s - self.takt_s

    @property
    def event_id(self) -> UUID:
        """As of an ActionEvent."""
        return uuid5(self.cycle_id, self.phase)

    @property
    def subject(self) -> UUID:
        return self.cycle_id

    @property
    def opens(self) -> bool:
        return self.phase is CyclePhase.STARTED

    @property
    def closes(self) -> bool:
        return not self.opens


@dataclass(frozen=True, slots=True)
class OpenCycle:
    """What is remembered of a unit that is worked on: enough to end it after a crash."""

    cycle_id: UUID
    stream: str
    watch: str
    procedure: str
    started_at: float
    takt_s: float | None = None
    unit_id: str | None = None
    """As far as it was known when the work began."""
    work_order: str | None = None

    @classmethod
    def of(cls, started: CycleEvent) -> OpenCycle:
        return cls(
            cycle_id=started.cycle_id,
            stream=started.stream,
            watch=started.watch,
            procedure=started.procedure,
            started_at=started.at,
            takt_s=started.takt_s,
            unit_id=started.unit_id,
            work_order=started.work_order,
        )

    def interrupted(self, now: float) -> CycleEvent:
        """The end of a unit's work that nobody saw to its end; `now` is when that was found out."""
        return CycleEvent(
            cycle_id=self.cycle_id,
            stream=self.stream,
            watch=self.watch,
            procedure=self.procedure,
            phase=CyclePhase.ABANDONED,
            at=max(now, self.started_at),
            decided_at=max(now, self.started_at),
            reason=Ending.INTERRUPTED,
            takt_s=self.takt_s,
            unit_id=self.unit_id,
            work_order=self.work_order,
        )


Event = ActionEvent | StepEvent | CycleEvent
"""Whatever is made durable and published."""


@dataclass(frozen=True, slots=True)
class GapEvent:
    """Messages of one stream and class that will not come any more."""

    stream: str
    cls: str
    count: int
    """How many."""
    reason: str
    """budget, age, damaged (as the outbox notes them) or memory: the disk took none for so long that they had no room
    to wait."""
    at: float
    """Unix seconds of the newest loss."""
    first: int | None = None
    """Lowest `seq` that is missing; None: they had no number yet."""
    last: int | None = None
    """Highest; not all between them are missing where `count` is smaller."""
    term: int | None = None
    """In which these numbers count."""
    sinks: tuple[str, ...] = ()
    """Who does not get them; empty: nobody does."""

    @property
    def event_id(self) -> UUID:
        """As of an ActionEvent."""
        numbers = f"{self.term}/{self.first}/{self.last}/{self.count}"
        return uuid5(EVENT_NAMESPACE, f"gap/{self.stream}/{self.cls}/{self.reason}/{numbers}/{self.at:.3f}")
