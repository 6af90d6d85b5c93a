"""Refuse a data set whose figures could not be believed, and say why and what would be right.

Looked for are leakage between what is trained on and what is held out (a group, person or video on both sides, also
nearly the same video under another name), labels without clips, names that are in no label map, too few clips, clips
that are too short or too slow for the network, and videos that cannot be read. Exit code 1 if it is refused."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from typing import Any

from rich.progress import Progress

from streamer.cli.output import Output, Part

_COLUMNS = {"training": "to train on", "calibration": "to calibrate", "held_out": "held out"}
_MOST_ROWS = 60


def arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("data", metavar="KIND:PATH", help="e.g. folder:/data/assembly; see takt data --help")
    command.add_argument("--checkpoint", metavar="FILE", help="take pictures and interval of a clip from this network")
    command.add_argument("--frames", type=int, metavar="N", help="pictures of a clip (16)")
    command.add_argument("--interval-s", type=float, metavar="S", help="seconds between two of them (0.125)")
    command.add_argument("--least", type=int, default=5, metavar="N", help="clips of a label to train on, at least (5)")
    command.add_argument(
        "--compare", type=int, default=2000, metavar="N",
        help="videos of a side to compare with those of the other, at most; 0: all (2000)",
    )  # fmt: skip


def main(arguments: argparse.Namespace, output: Output) -> int:
    report = _looked_at(arguments, output)
    output.table(
        {
            "data": arguments.data,
            "name": report.name,
            "valid": not report.refused,
            "clips": report.clips,
            "background": report.background,
            "minutes": {part: round(minutes, 1) for part, minutes in report.minutes.items()},
            "findings": [asdict(finding) for finding in report.findings],
        },
        report.name,
        _table(report),
    )
    for finding in report.findings:
        colour, word = ("red", "refused") if finding.refused else ("yellow", "note")
        output.say((word, colour), f", {finding.kind}: {finding.what}\n  → {finding.right}")
    refused = sum(finding.refused for finding in report.findings)
    verdict = (f"refused for {refused} reasons", "red") if refused else ("figures of it can be believed", "green")
    output.say(f"{report.name}: ", verdict)
    return 1 if refused else 0


def _looked_at(arguments: argparse.Namespace, output: Output) -> Any:
    from recognizers.data.check import Wanted, check  # noqa: PLC0415 - torch takes seconds to import
    from recognizers.data.check_skeletons import check_skeletons  # noqa: PLC0415
    from recognizers.data.naming import Listed, named  # noqa: PLC0415
    from recognizers.data.skeletons import SkeletonData  # noqa: PLC0415
    from recognizers.errors import DataError  # noqa: PLC0415

    data = named(arguments.data)
    frames, interval_s = _clip(arguments)
    wanted = Wanted(frames, interval_s, least_training=arguments.least, compared=arguments.compare)
    if isinstance(data, SkeletonData):
        return check_skeletons(data, wanted)
    if not isinstance(data, Listed):
        raise DataError(f"{arguments.data} is drawn and not listed; there is nothing to check")
    listing = data.listing()
    with Progress(console=output.errors, transient=True) as bars:
        task = bars.add_task("looking at videos")
        return check(
            listing, wanted, lambda what, done, of: bars.update(task, description=what, completed=done, total=of)
        )


def _clip(arguments: argparse.Namespace) -> tuple[int, float]:
    frames, interval_s = 16, 0.125
    if arguments.checkpoint is not None:
        from recognizers.card import checkpoint_path, read_card  # noqa: PLC0415

        spec = read_card(checkpoint_path(arguments.checkpoint)).spec
        frames, interval_s = spec.frames, spec.interval_s
    return arguments.frames or frames, arguments.interval_s or interval_s


def _table(report: Any) -> list[list[Part]]:
    rows: list[list[Part]] = [["clips of", *_COLUMNS.values()]]
    for label, counts in list(report.clips.items())[:_MOST_ROWS]:
        rows.append([label, *(_count(counts[part]) for part in _COLUMNS)])
    if len(report.clips) > _MOST_ROWS:
        rows.append([(f"and {len(report.clips) - _MOST_ROWS} more labels", "dim"), *[""] * len(_COLUMNS)])
    rows.append([])
    rows.append(["no action", *(str(report.background[part]) for part in _COLUMNS)])
    rows.append(["minutes", *(f"{report.minutes[part]:.1f}" for part in _COLUMNS)])
    return rows


def _count(clips: int) -> Part:
    return str(clips) if clips else ("0", "red")
