"""Whether networks load, on what they run, and whether there is time for all that is asked of them."""

from __future__ import annotations

import os
from pathlib import Path

from recognizers.cost import measured
from streamer.build import build_models
from streamer.clock import Clock
from streamer.doctor.finding import Finding, Notes
from streamer.errors import ConfigError
from streamer.model import Model
from streamer.settings import Settings

BUSY = 0.7
"""Share of the time above which clips will be shed when something else happens."""
NVIDIA = Path("/dev/nvidia0")


async def look(settings: Settings, clock: Clock) -> list[Finding]:
    try:
        models = build_models(settings)
    except ConfigError as error:
        notes = Notes.of("recognizers", "networks")
        for problem in error.problems:
            notes.bad(problem, "give a checkpoint of that kind; `takt models show FILE` says what one is")
        return notes.found
    return [finding for name, model in models.items() for finding in _judged(settings, name, model)]


def _judged(settings: Settings, name: str, model: Model) -> list[Finding]:
    notes, section = Notes.of("recognizers", name), settings.recognizers[name]
    watches = sum(watch.recognizer == name for stream in settings.streams for watch in stream.watches)
    try:
        cost = measured(model.recognizer, section.threads, section.runtime)
    except Exception as error:  # whatever a library says of it, all else is still to be looked at
        notes.bad(f"cannot be run here ({type(error).__name__})", "see `takt run … --debug`, and choose runtime: torch")
        return notes.found
    judge_load(notes, cost.ms_per_decision, watches, model.recognizer.spec.hop_s, cost.device)
    if section.threads > (os.cpu_count() or 1):
        says = f"threads: {section.threads} on {os.cpu_count()} cores makes it slower"
        notes.warn(says, f"set recognizers.{name}.threads to at most {os.cpu_count()}")
    if cost.device == "cpu" and NVIDIA.exists():
        notes.warn("there is an NVIDIA GPU that torch cannot use", "install the build of torch for it (README)")
    return notes.found


def judge_load(notes: Notes, ms: float, watches: int, hop_s: float, device: str) -> None:
    load = watches * ms / 1e3 / hop_s
    says = f"{ms:.1f} ms a decision on {device}; watches: {watches}, every {hop_s:g} s, together {load:.0%} of the time"
    if load > 1:
        notes.bad(
            f"{says}: clips will be left out", "a longer hop_s, mode: stream, a smaller network, or fewer cameras"
        )
    elif load > BUSY:
        notes.warn(says, "leave some time: a longer hop_s, runtime: auto, or fewer cameras")
    else:
        notes.good(says)
