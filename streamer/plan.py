"""What a worker runs, as `streamer.build` makes it of settings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path

from streamer.audience import Audience, Nobody
from streamer.clock import Clock
from streamer.commands import ALONE, Others
from streamer.control import Answer, listening
from streamer.evidence.keeper import EvidenceKeeper, StreamEvidence
from streamer.evidence.privacy import Redactor
from streamer.hard_examples import Options
from streamer.model import Model
from streamer.outbox import KEEP_S, MAIN, Outbox, OutboxObserver, Recipient, Rules
from streamer.promoter import Candidates
from streamer.showing import ShowOptions
from streamer.sinks.base import Sink, StatusSink
from streamer.sources.base import Demand, Source
from streamer.sources.reconnect import RetryPolicy
from streamer.stages import StreamStages, Watch
from streamer.tracing import NO_TRACING, Tracing


@dataclass(frozen=True, slots=True)
class Beside:
    """Somebody else who takes a stream's pictures, for as long as it is watched."""

    join: Callable[[], None]
    """Where the stream begins anew, in the place of what joined before."""
    leave: Callable[[], None]


@dataclass(frozen=True, slots=True)
class StreamPlan:
    """One stream as the worker will run it."""

    id: str
    source: Source
    watches: tuple[Watch, ...]
    demand: Demand
    """What its source delivers."""
    loss_free: bool = False
    """No clip of it is shed: its source can wait (recordings)."""
    retry: RetryPolicy | None = None
    """Its own, instead of the plan's."""
    evidence: StreamEvidence | None = None
    """What is kept of it; None: nothing, or the plan's keeper knows it already."""
    redactor: Redactor | None = None
    """What hides in its hard examples what must not be seen."""
    beside: tuple[Beside, ...] = ()
    """Who else takes its pictures."""
    prefix: str | None = None
    """What stands before its topics; None: what stands before all."""


def to_nobody(_: Iterable[StreamStages]) -> None:
    """Nobody asks which watches there are."""


def at_no_broker(_: str, __: Mapping[str, object]) -> None:
    """Nothing is retained."""


@dataclass(frozen=True, slots=True)
class OutboxPlan:
    """Where events wait, how long, and for whom besides the main sink."""

    folder: Path
    budget_bytes: int
    keep_s: float = KEEP_S
    replay_s: float = 0.0
    others: tuple[tuple[Recipient, AbstractAsyncContextManager[Sink]], ...] = ()
    goes_on: bool = False
    """Whether terms are given by a supervisor."""
    beside: frozenset[str] = frozenset()
    """Names of outboxes in the same folder that have owners of their own."""

    def open(self, clock: Clock, observer: OutboxObserver) -> AbstractAsyncContextManager[Outbox]:
        """As `Outbox.open`."""
        recipients = (Recipient(MAIN), *(recipient for recipient, _ in self.others))
        rules = Rules(self.budget_bytes, self.keep_s, self.replay_s, recipients, self.goes_on)
        return Outbox.under(rules, self.folder, clock, observer)


@dataclass(frozen=True, slots=True)
class Plan:
    """All that a worker runs, made by `streamer.build`."""

    streams: tuple[StreamPlan, ...]
    models: dict[str, Model]
    """What is live at the start, by recognizer. Whoever runs one takes it out of here, so that nothing holds on to it
    when it is let go."""
    candidates: Candidates
    data_dir: Path
    sink: AbstractAsyncContextManager[StatusSink]
    outbox: OutboxPlan
    batch: int
    deadline_s: float
    grace_s: float
    retry: RetryPolicy
    hard_examples: Options | None = None
    """None: none are kept."""
    evidence: EvidenceKeeper | None = None
    """None: no pictures of events are kept."""
    board: ShowOptions = field(default_factory=ShowOptions)
    commands: bool = False
    """Whether commands over the broker are taken."""
    others: Others = ALONE
    """Other workers that hear the same commands, and may have what was a stream of this one."""
    commanded: Callable[[Path, Answer], AbstractAsyncContextManager[None]] = listening
    """How `takt promote` and `takt outbox` reach it, while the block runs."""
    announce: Callable[[Iterable[StreamStages]], None] = to_nobody
    """Tells others which watches there are and what they can recognize."""
    once: Callable[[str, Mapping[str, object]], None] = at_no_broker
    """Retains a document on a whole topic, of a stream that is nobody's; see `MqttSink.once`."""
    audience: Audience = field(default_factory=Nobody)
    """Who looks on over HTTP."""
    prefixes: dict[str, str] = field(default_factory=dict)
    """What stands before the topics of streams; the sink looks in here."""
    tracing: Tracing = NO_TRACING
    lasting: bool = False
    """Whether it goes on when the last recording has ended: others may come."""
