"""The data sets that can be trained on, each in three parts that share no group."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from recognizers.data.synthetic import IDLE, LABELS, Elsewhere, WorkCell
from recognizers.data.track import DataSet, Track, squares
from recognizers.data.video import pictures
from recognizers.errors import DataError

Tick = Callable[[str, int, int], None]
"""Told of progress: what, how many are done, of how many."""

_ELSEWHERE_S = 6.0


@dataclass(frozen=True, slots=True)
class Sampling:
    """How pictures are kept."""

    rate_hz: float
    side_px: int


@dataclass(frozen=True, slots=True)
class WorkCellData:
    """Sessions at the simulated bench, each with an operator of its own, and scenes that are none."""

    seed: int
    sessions: int
    session_s: float
    held_out: int
    """Sessions kept from training; a third as many more for calibration."""
    elsewhere: int
    """Scenes that are no bench, for the background; a fifth as many more are held out."""

    def load(self, sampling: Sampling, tick: Tick) -> DataSet:
        calibration = max(1, self.held_out // 3)
        total = self.sessions + calibration + self.held_out
        benches = [self._session(number, sampling, tick, total) for number in range(total)]
        scenes = [
            _elsewhere(self.seed + number, sampling, LABELS.index(IDLE), tick, number, self.elsewhere * 6 // 5)
            for number in range(self.elsewhere * 6 // 5)
        ]
        split = self.sessions + calibration
        return DataSet(
            labels=LABELS,
            background=IDLE,
            training=(*benches[: self.sessions], *scenes[: self.elsewhere]),
            calibration=tuple(benches[self.sessions : split]),
            held_out=(*benches[split:], *scenes[self.elsewhere :]),
            description=(
                f"simulated work cell, seeds {self.seed} to {self.seed + total - 1} of {self.session_s:g} s: "
                f"{self.sessions} operators to train, {calibration} to calibrate, {self.held_out} held out"
            ),
        )

    def _session(self, number: int, sampling: Sampling, tick: Tick, total: int) -> Track:
        cell = WorkCell(self.seed + number, height_px=sampling.side_px * 4 // 3)
        moments = np.arange(round(self.session_s * sampling.rate_hz)) / sampling.rate_hz
        cell.truth(self.session_s)
        names = [cell.script.segments[cell.script.at(float(moment))].label for moment in moments]
        labels = np.array([LABELS.index(name) for name in names], np.int64)
        drawn = squares((cell.draw(float(moment)) for moment in moments), sampling.side_px)
        tick("drawing sessions", number + 1, total)
        return Track(f"cell {self.seed + number}", f"operator {self.seed + number}", sampling.rate_hz, drawn, labels)


@dataclass(frozen=True, slots=True)
class ClipListData:
    """A folder with `clips.csv` (columns path, label, group); and videos without any action. A label is an action, or
    several that go on together with `;` between them, or empty: none."""

    folder: Path
    negatives: tuple[Path, ...]
    elsewhere: int
    """Simulated scenes for the background besides the negatives."""
    held_out_every: int = 3
    """Every n-th group is kept from training."""
    background: str = "background"
    pose_model: Path | None = None
    """The file of the networks that find joints in the clips, for a network of joints; None: from the cache folder."""

    def load(self, sampling: Sampling, tick: Tick) -> DataSet:
        rows = clip_list(self.folder)
        none = (self.background,)
        shown = {label: actions_of(label) or none for _, label, _ in rows}
        classes = [none, *sorted(set(shown.values()) - {none})]
        labels = (self.background, *sorted({action for actions in classes[1:] for action in actions}))
        part_of = self.parts(group for _, _, group in rows)
        parts: dict[str, list[Track]] = {"training": [], "calibration": [], "held_out": []}
        for number, (path, label, group) in enumerate(rows):
            parts[part_of[group]].append(_film(path, f"group {group}", classes.index(shown[label]), sampling))
            tick("reading clips", number + 1, len(rows))
        scenes = [_film(path, path.stem, 0, sampling) for path in self.negatives]
        scenes += [_elsewhere(n, sampling, 0, tick, n, self.elsewhere) for n in range(self.elsewhere)]
        return DataSet(
            labels=labels,
            background=self.background,
            training=(*parts["training"], *scenes),
            calibration=tuple(parts["calibration"]),
            held_out=tuple(parts["held_out"]),
            description=(
                f"{len(rows)} clips of {len(labels) - 1} actions; groups {', '.join(held_out_of(part_of))} held out"
            ),
            together=_together(labels, classes),
        )

    def parts(self, groups: Iterable[str]) -> dict[str, str]:
        """Whether each group is for `training`, `calibration` or `held_out`."""
        training, held_out = split_groups(groups, self.held_out_every)
        part_of = dict.fromkeys(training, "training") | dict.fromkeys(held_out, "held_out")
        return part_of | dict.fromkeys(sorted(training)[::6], "calibration")


def held_out_of(part_of: Mapping[str, str]) -> list[str]:
    """The groups that are held out, in order."""
    return sorted(group for group, part in part_of.items() if part == "held_out")


def actions_of(label: str) -> tuple[str, ...]:
    """The actions that a label of a clip list names."""
    return tuple(sorted({action.strip() for action in label.split(";")} - {""}))


def _together(labels: tuple[str, ...], classes: list[tuple[str, ...]]) -> tuple[tuple[int, ...], ...]:
    """The positions of each class's labels; none where every class is one label."""
    if all(len(actions) == 1 for actions in classes):
        return ()
    return tuple(tuple(labels.index(action) for action in actions) for actions in classes)


def clip_list(folder: Path) -> list[tuple[Path, str, str]]:
    """Path, label and group of every clip.

    Raises:
        DataError: the list cannot be read, or names files that are not there.
    """
    listing = folder / "clips.csv"
    try:
        with listing.open(newline="", encoding="utf-8") as lines:
            rows = [(folder / row["path"], row["label"], row["group"]) for row in csv.DictReader(lines)]
    except OSError as error:
        raise DataError(f"{listing}: {error.strerror}; a clip list has columns path, label, group") from None
    except (KeyError, UnicodeDecodeError) as error:
        raise DataError(f"{listing}: no column {error}; a clip list has columns path, label, group") from None
    if missing := [str(path) for path, _, _ in rows if not path.is_file()]:
        raise DataError(f"{listing} names {len(missing)} clips that are not there, the first is {missing[0]}")
    if not rows:
        raise DataError(f"{listing} names no clip")
    return rows


def split_groups(groups: Iterable[str], held_out_every: int) -> tuple[set[str], set[str]]:
    """Groups to train on, groups held out: every n-th in alphabetical order. The same wherever it is asked."""
    ordered = sorted(set(groups))
    if len(ordered) < held_out_every:
        raise DataError(f"{len(ordered)} groups cannot be split: a figure needs people who were not trained on")
    held_out = set(ordered[held_out_every - 1 :: held_out_every])
    return set(ordered) - held_out, held_out


def _film(path: Path, group: str, label: int, sampling: Sampling) -> Track:
    shown = squares(pictures(path, sampling.rate_hz, sampling.side_px * 3 // 2), sampling.side_px)
    return Track(path.stem, group, sampling.rate_hz, shown, np.full(len(shown), label, np.int64))


def _elsewhere(seed: int, sampling: Sampling, label: int, tick: Tick, number: int, total: int) -> Track:
    scene = Elsewhere(seed, height_px=sampling.side_px)
    moments = [number / sampling.rate_hz for number in range(round(_ELSEWHERE_S * sampling.rate_hz))]
    drawn = squares(map(scene.draw, moments), sampling.side_px)
    tick("drawing other scenes", number + 1, total)
    return Track(f"elsewhere {seed}", f"scene {seed}", sampling.rate_hz, drawn, np.full(len(drawn), label, np.int64))
