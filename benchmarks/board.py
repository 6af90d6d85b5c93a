"""What a board costs the event loop: `python -m benchmarks.board`. A line for few actions, one for hundreds."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from uuid import UUID

from streamer.board.andon import DEFAULT
from streamer.board.doing import Work
from streamer.board.tally import WINDOWS
from streamer.board.watch import WatchBoard
from streamer.event import Phase, Reason
from streamer.testing.messages import action_event

AT = 1_700_000_000.0
EVERY_S, LASTS_S, FOR_S = 0.5, 0.4, 900.0


def main() -> None:
    for labels in (5, 400):
        board = WatchBoard("cam", "bench", Work(), DEFAULT, AT)
        told_us = 1e6 * _fill(board, labels)
        windows = {name: round(1e3 * _least(partial(_written, board, name)), 2) for name in WINDOWS}
        size = len(json.dumps(board.last("15m", AT + FOR_S, FOR_S)))
        print(f"{labels} actions: {told_us:.0f} us an event; ms a window {windows}; {size} bytes the longest")


def _fill(board: WatchBoard, labels: int) -> float:
    """Two events a second for fifteen minutes; returns the seconds that one took."""
    base, events = action_event(), []
    for n in range(int(FOR_S / EVERY_S)):
        at = n * EVERY_S
        started = replace(base, action_id=UUID(int=n), action=f"action-{n % labels}", at=AT + at, started_at=AT + at)
        started = replace(started, decided_at=AT + at)
        over = AT + at + LASTS_S
        ended = replace(started, phase=Phase.ENDED, at=over, decided_at=over, reason=Reason.COMPLETED)
        events += [(started, at), (ended, at + LASTS_S)]
    began = time.perf_counter()
    for event, passed_s in events:
        board.tell(event, passed_s)
    return (time.perf_counter() - began) / len(events)


def _written(board: WatchBoard, window: str) -> str:
    return json.dumps(board.last(window, AT + FOR_S, FOR_S))


def _least(work: Callable[[], object], times: int = 20) -> float:
    took = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        took.append(time.perf_counter() - began)
    return min(took)


if __name__ == "__main__":
    main()
