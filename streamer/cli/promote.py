"""Put another checkpoint in the place of a recognizer's, in the running service, and go back if it was wrong.

Cameras stay connected, open actions stay open, and what cannot be loaded changes nothing. Without --checkpoint the
recognizer's shadow is taken. --dry-run says how that compares with what is live. The choice outlives a restart; the
configuration is not written to. Where no service runs, it holds from the next start on."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from recognizers.card import checkpoint_path, read_card
from streamer.cli.output import Output
from streamer.clock import SystemClock
from streamer.control import ask
from streamer.errors import ConfigError, NobodyThere, OutboxUnavailable
from streamer.outbox.files import owned
from streamer.promotions import Promotions
from streamer.settings import RecognizerSection, Settings, load

EXAMPLES = """example: takt promote cell.yaml assembly --dry-run
         takt promote cell.yaml assembly
         takt promote cell.yaml assembly --undo"""


def arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("config", type=Path, metavar="CONFIG", help="the configuration that the service runs")
    command.add_argument("recognizer", metavar="RECOGNIZER", help="its name there")
    what = command.add_mutually_exclusive_group()
    what.add_argument("--checkpoint", metavar="FILE", help="what is to run, instead of the shadow")
    what.add_argument("--undo", action="store_true", help="go back to what ran before the latest promotion")
    what.add_argument("--dry-run", action="store_true", help="only say what is live and how its shadow compares")


def main(arguments: argparse.Namespace, output: Output) -> int:
    settings = load(arguments.config, os.environ)
    name = arguments.recognizer
    if name not in settings.recognizers:
        known = ", ".join(settings.recognizers)
        raise ConfigError([f"{arguments.config} has no recognizer {name}; there are: {known}"])
    what = "undo" if arguments.undo else "report" if arguments.dry_run else "promote"
    checkpoint = _absolute(arguments.checkpoint)
    try:
        told = ask(settings.data_dir, {"do": what, "recognizer": name, "checkpoint": checkpoint})
    except (NobodyThere, FileNotFoundError):
        told = _at_rest(settings, name, what, checkpoint)
    if "problem" in told:
        raise ConfigError([told["problem"]])
    output.result(told, _report(told) if what == "report" else _outcome(told))
    return 0


def _absolute(checkpoint: str | None) -> str | None:
    """The service may have been started in another folder."""
    if checkpoint is None or checkpoint.startswith(("bundled:", "hub:")):
        return checkpoint
    return str(Path(checkpoint).absolute())


def _at_rest(settings: Settings, name: str, what: str, checkpoint: str | None) -> dict[str, Any]:
    """The same where no service runs: nothing is loaded before the next start."""
    section = settings.recognizers[name]
    configured = section.checkpoint
    if what == "report":
        latest = Promotions(settings.data_dir).latest(name, configured)
        live = {"checkpoint": configured if latest is None else latest.source, "model": latest and latest.id}
        return {"recognizer": name, "running": False, "live": live, "configured": configured, "shadow": None}
    try:
        with owned(settings.outbox_folder):
            promotions = Promotions(settings.data_dir)
            if what == "undo":
                before = promotions.before(name, configured)
                promotions.undo(name, configured)
                return {"recognizer": name, "running": False, "result": "undone", "model": before.id}
            kept = promotions.keep(_named(name, section, checkpoint), SystemClock().now())
            promotions.promote(name, configured, kept)
    except OutboxUnavailable as error:
        raise ConfigError([f"{error}, and does not listen: it begins or ends; try again"]) from error
    except OSError as error:
        raise ConfigError([f"{settings.data_dir} does not take it ({error.strerror}); make room there"]) from error
    return {"recognizer": name, "running": False, "result": "promoted", "model": kept.id}


def _named(name: str, section: RecognizerSection, checkpoint: str | None) -> str:
    """The checkpoint to take, as far as its card can be judged."""
    named = checkpoint or section.shadow
    if named is None:
        raise ConfigError([f"recognizers.{name} has no shadow; name a checkpoint with --checkpoint, or as `shadow`"])
    if section.kind != "huggingface" and (kind := read_card(checkpoint_path(named)).kind) != section.kind:
        raise ConfigError([f"{named} is of kind {kind}, not {section.kind}; give the right file"])
    return named


def _outcome(told: Mapping[str, Any]) -> str:
    name, model = told["recognizer"], told["model"]
    if told.get("running") is False:
        return f"{name}: no service runs; model {model} is what it will start with"
    late = "" if told["warm"] else "; some streams had no answer from it yet"
    return f"{name}: model {model} is live instead of {told['before']}{late}"


def _report(told: Mapping[str, Any]) -> str:
    live, shadow = told["live"], told["shadow"]
    if told.get("running") is False:
        return f"{told['recognizer']}: no service runs; it would start with {live['checkpoint']}"
    lines = [f"{told['recognizer']}: {live['checkpoint']} (model {live['model']}) is live"]
    if shadow is None:
        return "\n".join([*lines, "it has no shadow"])
    lines.append(f"{shadow['checkpoint']} (model {shadow['model']}) is its shadow; {_agreement(shadow)}")
    lines += [
        f"  live said {one['live']}, shadow {one['shadow']}: {one['clips']} clips" for one in shadow["disagreements"]
    ]
    for action, counts in shadow["events"].items():
        started = [counts[who]["started"] for who in ("live", "shadow", "matched")]
        lines.append("  {}: started {} times live, {} in the shadow, {} of them the same".format(action, *started))
    if shadow["failures"]:
        lines.append(f"  it failed {shadow['failures']} times, the last time: {shadow['failure']}")
    return "\n".join(lines)


def _agreement(shadow: Mapping[str, Any]) -> str:
    if shadow["agreement"] is None:
        return "no clip has been answered by both yet"
    return f"the same best label on {shadow['agreement']:.1%} of {shadow['clips']} clips"
