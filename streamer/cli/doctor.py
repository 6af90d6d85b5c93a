"""Look at everything that a configuration needs, as it is now, and say what to do about each finding.

Cameras, the broker (what it lets us write, read and retain, its will and limits), disk, recognizers and the time they
need, clock, ports, who may read the secrets. The service may run meanwhile. Nothing is changed; on the broker a topic
named doctor is written below the prefix and taken away again.

Ends with 0 where nothing is wrong (there may be warnings; with --strict these count too), with 1 where something is."""

from __future__ import annotations

import argparse
import asyncio
import os
from collections import Counter
from dataclasses import asdict
from pathlib import Path

from streamer.cli.output import Output, Part
from streamer.clock import SystemClock
from streamer.doctor import AREAS, Finding, Grade
from streamer.logs import configure
from streamer.settings import Settings, load, secrets

EXAMPLES = """example: takt doctor cell.yaml
         takt doctor cell.yaml --only broker --only cameras --json"""
_LOOKS = {Grade.GOOD: ("  ok   ", "green"), Grade.WARNING: ("  warn ", "yellow"), Grade.BAD: ("  BAD  ", "bold red")}


def arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("config", type=Path, metavar="CONFIG", help="a YAML file; see config/reference.yaml")
    command.add_argument("--only", action="append", choices=list(AREAS), help="look at this; may be given again")
    command.add_argument("--strict", action="store_true", help="warnings end it with 1 too")


def main(arguments: argparse.Namespace, output: Output) -> int:
    settings = load(arguments.config, os.environ)
    configure("error", settings.log.format, secrets(settings))
    grades = asyncio.run(_told(settings, arguments.only or list(AREAS), output))
    bad, warnings = grades[Grade.BAD], grades[Grade.WARNING]
    total = (
        f"{sum(grades.values())} things looked at: {bad} bad, {warnings} {'warning' if warnings == 1 else 'warnings'}"
    )
    colour = "bold red" if bad else "yellow" if warnings else "green"
    output.result({"ok": not bad, "bad": bad, "warnings": warnings, "looked_at": sum(grades.values())}, (total, colour))
    return 1 if bad or (arguments.strict and warnings) else 0


async def _told(settings: Settings, areas: list[str], output: Output) -> Counter[Grade]:
    """Each area as soon as it is known."""
    # Only now: torch takes seconds to import, and a mistake in the configuration is worth knowing at once.
    from streamer.doctor.examination import examine  # noqa: PLC0415

    grades: Counter[Grade] = Counter()
    async for findings in examine(settings, SystemClock(), areas):
        if findings:
            output.say((findings[0].area, "bold"))
        for finding in findings:
            grades[finding.grade] += 1
            output.result(asdict(finding), *_line(finding))
    return grades


def _line(finding: Finding) -> list[Part]:
    sign, colour = _LOOKS[finding.grade]
    fix: list[Part] = [("\n         to do: ", "bold"), finding.fix] if finding.fix else []
    return [(sign, colour), f"{finding.about}: {finding.says}", *fix]
