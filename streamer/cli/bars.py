"""How far long work is, for people."""

from __future__ import annotations

from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from streamer.cli.output import Output


class Bars:
    """A bar for each kind of work, on standard error."""

    def __init__(self, output: Output, is_shown: bool = True) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        note = TextColumn("{task.fields[note]}")
        self._progress = Progress(*columns, note, console=output.errors, disable=not is_shown)
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Bars:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def tick(self, what: str, done: int, of: int, note: str = "") -> None:
        if what not in self._tasks:
            self._tasks[what] = self._progress.add_task(what, total=of, note="")
        self._progress.update(self._tasks[what], completed=done, note=note)

    def told(self, progress: Any) -> None:
        best = "" if progress.best is None else f", best on calibration {progress.best:.3f}"
        self.tick("training", progress.step, progress.steps, f"loss {progress.loss:.3f}{best}")

    def note(self, line: str) -> None:
        if not self._progress.disable:
            self._progress.console.print(line, markup=False)
