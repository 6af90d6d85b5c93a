"""The command `takt`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module

from streamer.cli.interrupt import INTERRUPTED, leaving_at_once
from streamer.cli.parts import add_module
from streamer.cli.switches import add_switches
from streamer.cli.writing import Unwritable, writing

COMMANDS = (
    "demo", "run", "check", "doctor", "probe", "replay", "record", "teach", "select", "train", "data", "validate",
    "predict", "models", "promote", "outbox", "procedure", "schema", "version",
)  # fmt: skip
"""Modules of this package; each has EXAMPLES, `arguments(parser)` and `main(arguments, output)`."""


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(
        prog="takt",
        description="Watch cameras and say what people are doing: action events over MQTT.",
        epilog="See it work without a camera or a broker: takt demo",
    )
    add_switches(top, is_top=True)
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name in COMMANDS:
        module = import_module(f"streamer.cli.{name}")
        command = add_module(commands.add_parser, name, module, module.EXAMPLES)
        command.set_defaults(main=module.main)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Exit codes: 0 done, 1 something is wrong and was said, 2 wrong usage, 130 stopped by Ctrl-C."""
    try:
        try:
            return _run(argv)
        finally:
            with writing():
                sys.stdout.flush()
    except KeyboardInterrupt:
        return INTERRUPTED
    except (BrokenPipeError, Unwritable) as error:
        return _unwritten(error)
    except BaseExceptionGroup as group:
        ours, others = group.split((BrokenPipeError, Unwritable))
        if ours is None or others is not None:
            raise
        return _unwritten(ours)


def _unwritten(error: BaseException) -> int:
    """Nobody takes our output; nothing more is written, also not at exit. Whoever reads no more need not be told."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, Unwritable):
        sys.stderr.write(f"takt: {error}\n")
    return 1


def _run(argv: Sequence[str] | None) -> int:
    with leaving_at_once():
        from recognizers.errors import RecognizerError  # noqa: PLC0415 - all imports of weight are in here
        from streamer.cli.output import Output  # noqa: PLC0415
        from streamer.errors import ConfigError, TaktError  # noqa: PLC0415

        arguments = parser().parse_args(argv)
    output = Output(arguments.json)
    try:
        return int(arguments.main(arguments, output))
    except ConfigError as error:
        for problem in error.problems:
            output.problem(problem)
    except (TaktError, RecognizerError) as error:
        if arguments.debug:
            raise
        output.problem(str(error))
    return 1
