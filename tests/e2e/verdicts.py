"""Published verdicts beside those of a monitor that is told what was done and what could be seen. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid5

from recognizers.data.synthetic import IDLE, Segment
from streamer.event import EVENT_NAMESPACE, ActionEvent, Phase, Reason
from streamer.procedure.graph import Procedure
from streamer.procedure.monitor import ProcedureMonitor, Told
from streamer.wire import message_of

Body = dict[str, Any]
Span = tuple[float, float]
Verdict = tuple[str, str]
"""Step and what became of it."""


@dataclass(frozen=True, slots=True)
class Cycle:
    """One unit, as it was judged in the end."""

    started_at: float
    verdicts: tuple[Verdict, ...]
    """By the newest revisions, in the order in which the steps were first told of."""
    decided_at: tuple[float, ...]
    """When each was told as it stands."""


@dataclass(frozen=True, slots=True)
class Score:
    """What became of all verdicts."""

    right: tuple[Verdict, ...] = ()
    wrong: tuple[tuple[Verdict, ...], ...] = ()
    """Of units that were judged otherwise: what should have been said …"""
    instead: tuple[tuple[Verdict, ...], ...] = ()
    """… and what was."""
    delays_s: tuple[float, ...] = ()
    """Of what is right: how much later it was decided than whoever sees all could have."""
    due: int = 0

    @property
    def share(self) -> float:
        return len(self.right) / self.due if self.due else 1.0

    def table(self) -> dict[str, tuple[int, int]]:
        """By verdict: how many were due, and how many were right."""
        right = Counter(verdict for _, verdict in self.right)
        due = right + Counter(verdict for unit in self.wrong for _, verdict in unit)
        return {verdict: (due[verdict], right[verdict]) for verdict in sorted(due)}


def cycles(bodies: Iterable[Body]) -> list[Cycle]:
    """Of the messages of one watch, in their order."""
    started: dict[str, float] = {}
    newest: dict[str, dict[str, Body]] = {}
    for body in bodies:
        if body["type"] == "cycle" and body["phase"] == "started":
            started[body["cycle_id"]] = _unix(body["at"])
        elif body["type"] == "step":
            newest.setdefault(body["cycle_id"], {})[body["step_id"]] = body
    return [
        Cycle(
            at,
            tuple((one["step"], one["verdict"]) for one in newest.get(id_, {}).values()),
            tuple(_unix(one["decided_at"]) for one in newest.get(id_, {}).values()),
        )
        for id_, at in started.items()
    ]


def seen_by_all(procedure: Procedure, done: Sequence[Segment], began_at: float, blind: Sequence[Span]) -> list[Cycle]:
    """What a monitor says that is told everything at once, but for what nobody could see (Unix seconds)."""
    monitor, told = ProcedureMonitor(procedure, "cell", "bench"), list[Told]()
    moments: list[tuple[float, int, ActionEvent | bool]] = [
        (at, 1, sees) for start, end in blind for at, sees in ((start, False), (end, True))
    ]
    for n, one in enumerate(segment for segment in done if segment.label != IDLE):
        for start, end, reason in _seen(began_at + one.start_s, began_at + one.end_s, blind):
            action = _action(f"{n}/{start}", one.label, start)
            moments += [(start, 2, action), (end, 0, _ended(action, end, reason))]
    for at, _, what in sorted(moments, key=lambda moment: moment[:2]):
        if isinstance(what, ActionEvent):
            told += monitor.observe(what)
        else:
            told += monitor.regained_sight(at) if what else monitor.lost_sight(at)
    told += monitor.close(max((at for at, *_ in moments), default=began_at))
    return cycles(message_of(one, "replay").body for one in told)


def score(found: Sequence[Cycle], expected: Sequence[Sequence[Cycle]], units: Sequence[float]) -> Score:
    """`units`: when each began. A unit is held against what is expected of it, in whichever way is nearest of those
    that are given; verdicts are paired in their order."""
    total = Score()
    for start, end in zip(units, [*units[1:], float("inf")], strict=True):
        said = _within(found, start, end)
        best = max((_within(one, start, end) for one in expected), key=lambda due: _pairs(due, said)[0])
        total = _added(total, best, said)
    return total


def _added(total: Score, due: list[tuple[Verdict, float]], said: list[tuple[Verdict, float]]) -> Score:
    _, pairs = _pairs(due, said)
    whole = len(pairs) == len(due) == len(said)
    missing = tuple(verdict for n, (verdict, _) in enumerate(due) if n not in {i for i, _ in pairs})
    more = tuple(verdict for n, (verdict, _) in enumerate(said) if n not in {j for _, j in pairs})
    return Score(
        right=(*total.right, *(due[i][0] for i, _ in pairs)),
        wrong=total.wrong if whole else (*total.wrong, missing),
        instead=total.instead if whole else (*total.instead, more),
        delays_s=(*total.delays_s, *(said[j][1] - due[i][1] for i, j in pairs)),
        due=total.due + len(pairs) + max(len(missing), len(more)),
    )


def _within(some: Sequence[Cycle], start: float, end: float) -> list[tuple[Verdict, float]]:
    return [
        pair for one in some if start <= one.started_at < end for pair in zip(one.verdicts, one.decided_at, strict=True)
    ]


def _pairs(due: list[tuple[Verdict, float]], said: list[tuple[Verdict, float]]) -> tuple[float, list[tuple[int, int]]]:
    """How alike two rows are, and the longest common one."""
    best = [[0] * (len(said) + 1) for _ in range(len(due) + 1)]
    for i, (one, _) in enumerate(due, 1):
        for j, (other, _) in enumerate(said, 1):
            best[i][j] = best[i - 1][j - 1] + 1 if one == other else max(best[i - 1][j], best[i][j - 1])
    pairs, i, j = [], len(due), len(said)
    while i and j:
        if due[i - 1][0] == said[j - 1][0]:
            i, j = i - 1, j - 1
            pairs.append((i, j))
        elif best[i - 1][j] >= best[i][j - 1]:
            i -= 1
        else:
            j -= 1
    return len(pairs) - abs(len(due) - len(said)) / 100, pairs[::-1]


def _seen(start: float, end: float, blind: Sequence[Span]) -> list[tuple[float, float, Reason]]:
    """The parts of a time that could be seen, and how each ended."""
    parts, at = [], start
    for lost, back in sorted(blind):
        if back <= at or lost >= end:
            continue
        if lost > at:
            parts.append((at, lost, Reason.SOURCE_LOST))
        at = max(at, back)
    return [*parts, (at, end, Reason.COMPLETED)] if at < end else parts


def _action(name: str, label: str, start: float) -> ActionEvent:
    id_ = uuid5(EVENT_NAMESPACE, name)
    return ActionEvent(id_, "cell", "bench", 1, label, Phase.STARTED, start, start, start, None, 1.0)


def _ended(action: ActionEvent, end: float, reason: Reason) -> ActionEvent:
    start = action.started_at
    header = (action.action_id, action.stream, action.watch, action.epoch, action.action)
    return ActionEvent(*header, Phase.ENDED, end, start, end, end - start, 1.0, reason)


def _unix(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
