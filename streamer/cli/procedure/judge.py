"""Verdicts on recorded work: the events of takt replay --json, held against a procedure.

The same events give the same verdicts, byte for byte. From an action that ended because the source was lost until the
next event, nothing counts as seen."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from streamer.cli.output import Output
from streamer.event import Reason
from streamer.procedure.made import procedure_of
from streamer.procedure.monitor import ProcedureMonitor, Told
from streamer.procedure.recorded import recorded_events
from streamer.settings import load_procedure
from streamer.wire import headline, message_of


def arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("procedure", type=Path, metavar="PROCEDURE", help="a YAML file; see config/procedures")
    command.add_argument("events", type=Path, metavar="EVENTS", help="lines of JSON of one watch")


def main(arguments: argparse.Namespace, output: Output) -> int:
    procedure = procedure_of(load_procedure(arguments.procedure, os.environ))
    events = recorded_events(arguments.events)
    monitor = ProcedureMonitor(procedure, events[0].stream, events[0].watch)
    blind = False
    for event in events:
        told = monitor.regained_sight(event.decided_at) if blind else []
        told += monitor.observe(event)
        blind = event.reason is Reason.SOURCE_LOST
        _show(output, told + (monitor.lost_sight(event.at) if blind else []))
    _show(output, monitor.close(events[-1].decided_at))
    return 0


def _show(output: Output, told: list[Told]) -> None:
    for one in told:
        body = message_of(one, "replay").body
        output.result(body, f"{body['decided_at']}  {headline(one)}")
