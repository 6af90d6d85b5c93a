"""The board of one watch: events in, documents out. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from streamer.board.andon import Andon, Colour
from streamer.board.doing import Doing, Work
from streamer.board.tally import WINDOWS, Cycles, Dwell, Tally
from streamer.event import ActionEvent, CyclePhase, Ending, Event, Phase, Reason, StepEvent
from streamer.wire import timestamp

STATE_SCHEMA = "takt.state.v1"
ANDON_SCHEMA = "takt.andon.v1"
LAST_SCHEMA = "takt.last.v1"


class WatchBoard:
    """Keeps what is shown of one watch. Every method is told when it is, on both clocks: `now` in Unix seconds for what
    people read, `passed_s` on a clock that never steps for what is counted."""

    def __init__(self, stream: str, watch: str, work: Work, colours: Mapping[str, Colour], now: float) -> None:
        self._stream, self._watch = stream, watch
        self._doing = Doing(work, now)
        self._tally = Tally()
        self.andon = Andon(colours, now)

    def tell(self, event: Event, passed_s: float) -> None:
        """Something happened.

        Ends of what began before this process did count nowhere: nobody knows when they were.
        """
        # How long ago, by the clock that gave both times; the two clocks here may say otherwise by now.
        at_s = passed_s - max(0.0, event.decided_at - event.at)
        if isinstance(event, ActionEvent):
            self._acted(event, at_s, passed_s)
        elif isinstance(event, StepEvent):
            self._doing.judged(event)
            self.andon.judged(event)
            self._tally.verdict(event.step_id, str(event.verdict), at_s, passed_s)
        elif event.reason is not Ending.INTERRUPTED:
            self._doing.moved_on(event)
            self.andon.moved_on(event)
            if event.phase is not CyclePhase.STARTED:
                self._tally.cycle(str(event.phase), event.took_s, at_s, passed_s)

    def _acted(self, event: ActionEvent, at_s: float, passed_s: float) -> None:
        if event.reason is Reason.INTERRUPTED:
            return
        self._doing.acted(event)
        if event.phase is Phase.STARTED:
            self._tally.began(event.action_id, event.action, at_s, passed_s)
        elif event.phase is Phase.ENDED:
            self._tally.ended(event.action_id, at_s, passed_s)

    def state(self, now: float) -> dict[str, object]:
        return {**self._named(STATE_SCHEMA), **self._doing.document(now)}

    def lamp(self, now: float) -> dict[str, object]:
        """Of schema takt.andon.v1."""
        andon, call = self.andon, self.andon.call
        shown: dict[str, object] = {
            **self._named(ANDON_SCHEMA),
            "at": timestamp(now),
            "colour": str(andon.colour),
            "since": timestamp(andon.since),
            "calls": andon.calls,
            "reason": None if call is None else call.reason,
            "about": {} if call is None else dict(call.about),
            "acknowledged": call is not None and call.acknowledged_at is not None,
        }
        if call is not None and call.acknowledged_at is not None:
            shown |= {"acknowledged_by": call.acknowledged_by, "acknowledged_at": timestamp(call.acknowledged_at)}
        return shown

    def last(self, window: str, now: float, passed_s: float) -> dict[str, object]:
        """Of schema takt.last.v1; `window` is a name from WINDOWS."""
        counted = self._tally.window(WINDOWS[window], passed_s)
        return {
            **self._named(LAST_SCHEMA),
            "window_s": round(WINDOWS[window]),
            "from": timestamp(now - (passed_s - counted.since)),
            "to": timestamp(now),
            "actions": {action: _dwell(dwell) for action, dwell in counted.actions.items()},
            "cycles": _cycles(counted.cycles),
            "verdicts": counted.verdicts,
        }

    def _named(self, schema: str) -> dict[str, object]:
        return {"schema": schema, "stream": self._stream, "watch": self._watch}


def _dwell(dwell: Dwell) -> dict[str, object]:
    times = {"total": dwell.total_s, "mean": dwell.mean_s, "max": dwell.max_s}
    return {"count": dwell.began, "ended": dwell.ended, "dwell_s": {name: _rounded(s) for name, s in times.items()}}


def _cycles(cycles: Cycles) -> dict[str, object]:
    times = {"mean": cycles.mean_s, "p50": cycles.p50_s, "p95": cycles.p95_s}
    return {
        "completed": cycles.ended.get("completed", 0),
        "abandoned": cycles.ended.get("abandoned", 0),
        "took_s": {name: _rounded(s) for name, s in times.items()},
    }


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)
