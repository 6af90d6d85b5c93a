"""How good a network is on recordings that it was not trained on, and how often it would be wrong in an hour.

Each recording is looked at many times (clips along its time, crops across its picture) and the scores are averaged;
beside that stand the figures of one look, which is what the live service has. Where actions begin and end within the
recordings, they also run through the path of the live service, and its events are judged."""

from __future__ import annotations

import argparse
import asyncio
import math
import os
from pathlib import Path
from typing import Any

from streamer.cli.bars import Bars
from streamer.cli.output import Output
from streamer.errors import ConfigError

EXAMPLES = """example: takt validate net.safetensors --data clips:my/clips
         takt validate bundled:cell --data cell:9000 --report report
         takt validate net.safetensors --data recordings:kept --negatives night.mp4 corridor.mp4 \\
             --false-alarms-per-hour 1 --store"""


def arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("checkpoint", metavar="CHECKPOINT", help="a safetensors file or bundled:NAME")
    command.add_argument(
        "--data",
        required=True,
        metavar="KIND:PATH",
        help="what to judge it by: clips, folder, splits, kinetics, charades, ava, recordings, skeletons or cell",
    )
    command.add_argument(
        "--views", default="10x3", metavar="CxM", help="clips x crops that are averaged (default 10x3)"
    )
    command.add_argument(
        "--part",
        default="held_out",
        choices=["held_out", "calibration", "training", "all"],
        help="which recordings (default: those that a training on this data leaves out)",
    )
    command.add_argument(
        "--negatives", type=Path, nargs="+", default=[], metavar="FILE", help="films that show none of the actions"
    )
    command.add_argument(
        "--false-alarms-per-hour", type=_rate, metavar="N", help="choose each action's threshold so that no more begin"
    )
    command.add_argument(
        "--store",
        nargs="?",
        const="",
        metavar="OUT",
        help="keep the thresholds in the checkpoint, or in a copy OUT; the service then uses them",
    )
    command.add_argument(
        "--find-people", action="store_true", help="of ava: by the detector of the live service, not in the given boxes"
    )
    command.add_argument("--report", type=Path, metavar="FOLDER", help="write a page with a confusion matrix")
    command.add_argument("--threads", type=int, default=1, metavar="N", help="of the CPU (default 1)")


def main(arguments: argparse.Namespace, output: Output) -> int:
    _check(arguments)
    from recognizers.data.sampling import Views  # noqa: PLC0415 - torch takes seconds to import
    from recognizers.validation.page import summary, write_page  # noqa: PLC0415
    from recognizers.validation.validate import Wanted  # noqa: PLC0415
    from streamer.trials.validation import validation  # noqa: PLC0415

    wanted = Wanted(
        checkpoint=arguments.checkpoint,
        data=arguments.data,
        part=arguments.part,
        views=Views.parse(arguments.views),
        negatives=tuple(arguments.negatives),
        false_alarms_per_hour=arguments.false_alarms_per_hour,
        threads=arguments.threads,
    )
    detector = _detector(arguments.threads) if arguments.find_people else None
    with Bars(output) as bars:
        figures = asyncio.run(validation(wanted, detector, bars.tick))
    try:
        if arguments.store is not None:
            figures["stored"] = _stored(arguments, figures)
        if arguments.report is not None:
            figures["report"] = str(write_page(arguments.report, figures))
    except OSError as error:
        raise ConfigError([f"{error.filename}: {error.strerror}; give a place that can be written"]) from error
    output.result(figures, summary(figures))
    return 0


def _check(arguments: argparse.Namespace) -> None:
    """Raises ConfigError: every mistake, before anything is looked at."""
    problems = []
    if arguments.false_alarms_per_hour is not None and not arguments.negatives:
        problems.append("--false-alarms-per-hour needs --negatives: films of the place in which nothing happens")
    if arguments.store is not None and arguments.false_alarms_per_hour is None:
        problems.append("--store needs --false-alarms-per-hour: thresholds are what is stored")
    if arguments.store == "" and arguments.checkpoint.startswith("bundled:"):
        problems.append("--store: a bundled checkpoint stays as it is; name a copy, as in --store mine.safetensors")
    problems += [f"{path}: no such file; give recorded video" for path in arguments.negatives if not path.is_file()]
    if problems:
        raise ConfigError(problems)


def _detector(threads: int) -> Any:
    from recognizers.estimators.downloads import file_of  # noqa: PLC0415 - as above
    from recognizers.estimators.fastestdet import FastestDet  # noqa: PLC0415

    return FastestDet(file_of("fastestdet", None, os.environ), threads=threads)


def _stored(arguments: argparse.Namespace, figures: dict[str, Any]) -> str:
    """Where the thresholds were stored."""
    from recognizers.card import checkpoint_path  # noqa: PLC0415 - as above
    from recognizers.validation.storing import store_thresholds  # noqa: PLC0415

    path = checkpoint_path(arguments.checkpoint)
    out = Path(arguments.store) if arguments.store else path
    store_thresholds(path, out, figures)
    return str(out)


def _rate(text: str) -> float:
    rate = float(text)
    if not 0 <= rate < math.inf:
        raise ValueError(text)
    return rate
