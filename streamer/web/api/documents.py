"""What the API answers, for its OpenAPI document. Bodies of events and retained documents are those of MQTT."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class SessionDocument:
    name: str | None
    scopes: list[str]
    tokens_needed: bool


@dataclass(frozen=True, slots=True)
class BrokerDocument:
    state: Literal["connected", "disconnected", "none"]
    waiting: int


@dataclass(frozen=True, slots=True)
class HealthDocument:
    version: str
    ready: bool
    started_at: float
    streams: dict[str, int]
    broker: BrokerDocument


@dataclass(frozen=True, slots=True)
class SourceDocument:
    kind: str
    url: str


@dataclass(frozen=True, slots=True)
class WatchDocument:
    id: str
    recognizer: str
    labels: list[str]
    region: list[float]
    procedure: str | None
    state: Json | None
    andon: Json | None
    last: dict[str, Json]


@dataclass(frozen=True, slots=True)
class StreamDocument:
    id: str
    source: SourceDocument
    origin: Literal["file", "api"]
    state: Literal["connecting", "live", "stalled", "backoff", "rejected", "stopped", "ended"]
    reason: str
    words: str
    since_at: float
    epoch: int
    fps: float
    blind: str
    watches: list[WatchDocument]


@dataclass(frozen=True, slots=True)
class StreamsDocument:
    streams: list[StreamDocument]


@dataclass(frozen=True, slots=True)
class EventDocument:
    number: int
    at: float
    body: Json


@dataclass(frozen=True, slots=True)
class EventsDocument:
    events: list[EventDocument]
    next: int | None


@dataclass(frozen=True, slots=True)
class CycleStepDocument:
    step: str
    verdict: str
    at: float
    took_s: float | None
    evidence: dict[str, str] | None


@dataclass(frozen=True, slots=True)
class CycleDocument:
    cycle_id: str
    stream: str
    watch: str
    procedure: str | None
    unit_id: str | None
    work_order: str | None
    phase: str
    reason: str | None
    started_at: float | None
    ended_at: float | None
    took_s: float | None
    takt_s: float | None
    deviation_s: float | None
    left: list[str]
    steps: list[CycleStepDocument]


@dataclass(frozen=True, slots=True)
class CyclesDocument:
    cycles: list[CycleDocument]


@dataclass(frozen=True, slots=True)
class PlaceDocument:
    stream: str
    watch: str


@dataclass(frozen=True, slots=True)
class ProcedureNameDocument:
    name: str
    title: str
    takt_s: float | None
    streams: list[PlaceDocument]


@dataclass(frozen=True, slots=True)
class ProceduresDocument:
    procedures: list[ProcedureNameDocument]


@dataclass(frozen=True, slots=True)
class StepDocument:
    name: str
    action: str
    after: list[list[str]]
    optional: bool
    repeat: int
    at_most: int
    min_s: float
    typical_s: float | None
    max_s: float | None
    undone_by: str | None


@dataclass(frozen=True, slots=True)
class ProcedureDocument:
    name: str
    title: str
    takt_s: float | None
    streams: list[PlaceDocument]
    steps: list[StepDocument]
    choices: list[list[str]]
    starts_with: str | None
    ends_with: str | None
    aborts_with: str | None
    idle_s: float


@dataclass(frozen=True, slots=True)
class ModelDocument:
    name: str
    kind: str
    checkpoint: str
    id: str
    labels: list[str]
    figures: dict[str, float]
    shadow: str | None
    promoted: bool


@dataclass(frozen=True, slots=True)
class ModelsDocument:
    models: list[ModelDocument]


@dataclass(frozen=True, slots=True)
class ChangesDocument:
    added: list[str]
    changed: list[str]
    removed: list[str]
    unchanged: list[str]
