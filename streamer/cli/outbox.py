"""What waits for the broker and for other sinks, what they refused, and sending it again.

Asks the service that runs; where none does, it looks itself. `show` says how many events wait for whom, `dead` lists
what was refused for good and why, `retry` lets it wait once more (all of it, or by its number), `replay` sends again
what was delivered and is still kept (`outbox.replay_s`)."""

from __future__ import annotations

import argparse
import asyncio
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from streamer.cli.output import Output
from streamer.clock import SystemClock
from streamer.control import ask
from streamer.desk import OUTBOX, Desk
from streamer.errors import ConfigError, NobodyThere, OutboxUnavailable
from streamer.outbox import MAIN, Outbox, Recipient
from streamer.outbox.files import DATABASE
from streamer.settings import Settings, load
from streamer.workers.combined import outboxes

EXAMPLES = """example: takt outbox show cell.yaml
         takt outbox dead cell.yaml --json
         takt outbox retry cell.yaml 17 18
         takt outbox replay cell.yaml --seconds 60"""


def arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("what", choices=("show", "dead", "retry", "replay"), help="what is to be done")
    command.add_argument("config", type=Path, metavar="CONFIG", help="the configuration that the service runs")
    command.add_argument("ids", type=int, nargs="*", metavar="NUMBER", help="retry: which ones; none: all")
    command.add_argument("--sink", default=MAIN, metavar="ID", help="replay: to which sink; main is the broker")
    command.add_argument("--seconds", type=float, metavar="S", help="replay: what was delivered since then; else all")


def main(arguments: argparse.Namespace, output: Output) -> int:
    settings = load(arguments.config, os.environ)
    request = {"do": OUTBOX, "what": arguments.what}
    if arguments.what == "retry":
        request["ids"] = arguments.ids or None
    elif arguments.what == "replay":
        request |= {"sink": arguments.sink, "seconds": arguments.seconds}
    try:
        told = ask(settings.data_dir, request)
    except (NobodyThere, FileNotFoundError):
        told = _at_rest(settings, request)
    if "problem" in told:
        raise ConfigError([told["problem"]])
    if arguments.what == "dead":
        _show_dead(told, output)
    else:
        output.result(told, _TEXTS[arguments.what](told))
    return 0


class _Nobody:
    """Whom what is looked at by hand need not be told."""

    def outbox_accepted(self, count: int) -> None: ...

    def outbox_state(self, depth: int, oldest_age_s: float, used_bytes: int) -> None: ...

    def outbox_waiting(self, recipient: str, depth: int) -> None: ...

    def outbox_dropped(self, cls: str, count: int) -> None: ...

    def fsync_seconds(self, seconds: float) -> None: ...


def _at_rest(settings: Settings, request: Mapping[str, Any]) -> dict[str, Any]:
    """The same where no service runs, of all outboxes together: what is to be sent goes out at the next start."""
    folders = sorted(file.parent for file in settings.outbox_folder.parent.glob(f"*/{DATABASE}"))
    if not folders:
        raise ConfigError([f"there is no outbox in {settings.data_dir} yet; it begins with `takt run`"])
    if len(folders) > 1 and request.get("ids") is not None:
        raise ConfigError(["numbers are those of one worker; with several, retry takes all (give no number)"])
    try:
        told = [asyncio.run(_answered(settings, folder, request)) for folder in folders]
        return {"running": False, **outboxes(told)}
    except OutboxUnavailable as error:
        raise ConfigError([f"{error}; does the service begin or end? Try again"]) from error


async def _answered(settings: Settings, folder: Path, request: Mapping[str, Any]) -> Mapping[str, Any]:
    clock, section = SystemClock(), settings.outbox
    async with Outbox.open(
        folder,
        clock=clock,
        observer=_Nobody(),
        budget_bytes=section.budget_mib << 20,
        keep_s=section.keep_h * 3600,
        replay_s=section.replay_s,
        recipients=[Recipient(MAIN), *(Recipient(sink.id) for sink in settings.sinks)],
    ) as outbox:

        async def replay(since: float, name: str) -> int:
            return await outbox.outlet(name).replay(since)

        return await Desk(outbox, replay, clock).answer(request)


def _shown(told: Mapping[str, Any]) -> str:
    lines = ["the service runs" if told.get("running", True) else "no service runs"]
    lines += [
        f"  {count} {'event waits' if count == 1 else 'events wait'} for {name}"
        for name, count in told["waiting"].items()
    ]
    lines.append(f"  {told['dead']} were refused for good{'; see takt outbox dead' if told['dead'] else ''}")
    for gap in told["gaps"]:
        whom = " and ".join(gap["recipients"])
        span = f"numbers {gap['first']} to {gap['last']} of term {gap['term']}"
        lines.append(f"  {gap['count']} of stream {gap['stream']} ({span}) are lost to {whom}: {gap['reason']}")
    return "\n".join(lines)


def _retried(told: Mapping[str, Any]) -> str:
    left = told["asked"] - told["retried"]
    others = f"; {left} unknown, unreadable or of no sink any more" if left else ""
    return f"{told['retried']} wait again{others}"


def _replayed(told: Mapping[str, Any]) -> str:
    none = "" if told["replayed"] else ": nothing is kept from then (outbox.replay_s)"
    return f"{told['replayed']} events are sent again to {told['sink']}{none}"


_TEXTS = {"show": _shown, "retry": _retried, "replay": _replayed}


def _show_dead(told: Mapping[str, Any], output: Output) -> None:
    letters = told["letters"]
    if not letters:
        output.result(told, "nothing was refused for good")
        return
    shown = ("id", "recipient", "stream", "seq", "topic", "reason", "refused_at")
    rows = [[str(one[name]) for name in shown] for one in letters]
    output.table(told, "refused for good", [["number", "sink", "stream", "seq", "topic", "why", "when"], *rows])
