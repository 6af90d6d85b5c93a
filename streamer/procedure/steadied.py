"""A monitor of noisy recognition: what was recognized is decoded into steps first, a few seconds late. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from uuid import uuid5

import numpy as np

from streamer.decoder import StepDecoder
from streamer.event import EVENT_NAMESPACE, ActionEvent, Phase, Reason
from streamer.procedure.authored import authored_model
from streamer.procedure.graph import Procedure
from streamer.procedure.monitor import ProcedureMonitor, Told

SHOWN_S = 1.0


class SteadiedMonitor:
    """Verdicts out of one label a moment: flicker, short inventions and short gaps are no steps.

    A step that is only inferred, because work usually goes so, is no step either: for `SHOWN_S` at least (or half of
    what it may take) its label must have been seen.
    """

    def __init__(self, procedure: Procedure, labels: Sequence[str], background: str, stream: str, watch: str) -> None:
        self._steps = procedure.steps
        self._actions = [*(step.action for step in procedure.steps), background]
        self._labels = list(labels)
        self._background = background
        self._model = authored_model(procedure, labels, background)
        self._monitor = ProcedureMonitor(procedure, stream, watch)
        self._stream, self._watch = stream, watch
        self._decoder: StepDecoder | None = None
        self._tick_s = 0.0
        self._moments: deque[tuple[float, str | None]] = deque()
        """When, and what was recognized, of moments not decided yet."""
        self._run: list[tuple[float, str | None]] = []
        """Of the step that goes on, as far as it is decided."""
        self._step = len(procedure.steps)
        self._open: ActionEvent | None = None
        self._blind = False

    def push(self, at: float, label: str | None, tick_s: float, lag_s: float = 4.0) -> list[Told]:
        """The next moment (Unix seconds): what was recognized; None where the camera could not see.

        `tick_s` (seconds between moments) and `lag_s` (how much later steps are decided) are those of the first call.
        """
        if self._decoder is None:
            self._decoder, self._tick_s = StepDecoder(self._model, tick_s, round(lag_s / tick_s)), tick_s
        told = self._looked(at, label)
        evidence = None if label is None else self._model.seen[:, self._labels.index(label)] * min(tick_s, 1.0)
        self._moments.append((at, label))
        decided = self._decoder.push(evidence)
        return told + ([] if decided is None else self._decided(decided, at))

    def finish(self, at: float) -> list[Told]:
        """Nothing more will be seen."""
        left = self._decoder.finish() if self._decoder is not None else []
        told = [one for step in left for one in self._decided(step, at)]
        return told + self._ended(at, at) + self._monitor.close(at)

    def probability_done(self) -> dict[str, float]:
        """Of each step to have been done as a whole, as seen now."""
        if self._decoder is None:
            return {}
        shares = np.round(self._decoder.probability_done()[:-1], 4)
        return {step.name: float(share) for step, share in zip(self._steps, shares, strict=True)}

    def _looked(self, at: float, label: str | None) -> list[Told]:
        if (label is None) == self._blind:
            return self._monitor.passed(at)
        self._blind = label is None
        return self._monitor.lost_sight(at) if self._blind else self._monitor.regained_sight(at)

    def _decided(self, step: int, now: float) -> list[Told]:
        at, label = self._moments.popleft()
        told: list[Told] = []
        if step != self._step:
            told += self._ended(at, now)
            self._step, self._run = step, []
        self._run.append((at, label))
        action = self._actions[step]
        if self._open is None and action != self._background and self._shown(step):
            self._open = self._event(action, Phase.STARTED, self._run[0][0], self._run[0][0], now)
            told += self._monitor.observe(self._open)
        return told

    def _shown(self, step: int) -> bool:
        """Whether enough of the step that goes on was recognized."""
        typical = self._steps[step].typical_s
        shown = sum(label == self._actions[step] for _, label in self._run) * self._tick_s
        return shown >= min(SHOWN_S, SHOWN_S if typical is None else typical / 2)

    def _ended(self, at: float, now: float) -> list[Told]:
        if self._open is None:
            return []
        event = self._event(self._open.action, Phase.ENDED, at, self._open.started_at, now)
        self._open = None
        return self._monitor.observe(event)

    def _event(self, action: str, phase: Phase, at: float, started_at: float, now: float) -> ActionEvent:
        ended = phase is Phase.ENDED
        return ActionEvent(
            action_id=uuid5(EVENT_NAMESPACE, f"{self._stream}/{self._watch}/decoded/{action}/{started_at:.6f}"),
            stream=self._stream,
            watch=self._watch,
            epoch=0,
            action=action,
            phase=phase,
            at=at,
            started_at=started_at,
            decided_at=now,
            duration_s=at - started_at if ended else None,
            score=1.0,
            reason=Reason.COMPLETED if ended else None,
        )
