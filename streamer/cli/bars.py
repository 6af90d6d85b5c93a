"""Progress bars on standard error: one for each kind of work."""

from __future__ import annotations

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from streamer.cli.output import Output


class Bars:
    """As a context: bars while it lasts."""

    def __init__(self, output: Output, is_shown: bool = True) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        note = TextColumn("{task.fields[note]}", markup=False)
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

    def note(self, line: str) -> None:
        """A line above the bars."""
        if not self._progress.disable:
            self._progress.console.print(line, markup=False)
