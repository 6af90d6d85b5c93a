"""The data sets that can be trained on, each in three parts that share no group."""

from __future__ import annotations

import csv
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from recognizers.data.listing import SPLITS, Listing, Recording, Span, split_groups
from recognizers.data.loading import load
from recognizers.data.scenes import scenes, with_background
from recognizers.data.synthetic import IDLE, LABELS, WorkCell
from recognizers.data.track import PARTS, DataSet, Part, Sampling, Tick, Track, numbered, squares
from recognizers.errors import DataError

__all__ = ["ClipListData", "Sampling", "Tick", "WorkCellData", "clip_list", "split_groups"]

_COLUMNS = ("path", "label", "group")
_RIGHT = f"a clip list has columns {', '.join(_COLUMNS)}"


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

    def load(self, sampling: Sampling, tick: Tick, parts: Collection[Part] = PARTS) -> DataSet:
        """Parts that are not asked for are empty."""
        calibration = max(1, self.held_out // 3)
        total = self.sessions + calibration + self.held_out
        tracks: dict[Part, tuple[Track, ...]] = {
            part: tuple(self._session(number, sampling, tick, total) for number in numbers if part in parts)
            for part, numbers in numbered(self.sessions, calibration, self.held_out).items()
        }
        more = self.elsewhere // 5
        none = LABELS.index(IDLE)
        seen = scenes(self.seed, self.elsewhere, sampling, none, tick) if "training" in parts else ()
        unseen = scenes(self.seed + self.elsewhere, more, sampling, none, tick) if "held_out" in parts else ()
        return DataSet(
            labels=LABELS,
            background=IDLE,
            training=(*tracks["training"], *seen),
            calibration=tracks["calibration"],
            held_out=(*tracks["held_out"], *unseen),
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
    """A folder with `clips.csv` (columns path, label, group; perhaps split: train, val or test); and videos without any
    action. A label is an action, or several that go on together with `;` between them, or empty: none."""

    folder: Path
    negatives: tuple[Path, ...]
    elsewhere: int
    """Simulated scenes for the background besides the negatives."""
    held_out_every: int = 3
    """Every n-th group is kept from training."""
    background: str = "background"
    pose_model: Path | None = None
    """The file of the networks that find joints in the clips, for a network of joints; None: from the cache folder."""

    def listing(self) -> Listing:
        """Raises DataError where the list cannot be read."""
        rows = _rows(self.folder)
        return Listing(
            name=self.folder.name,
            labels=tuple(sorted({action for row in rows for action in row.labels} - {self.background})),
            recordings=rows,
            background=self.background,
            held_out_every=self.held_out_every,
        )

    def load(self, sampling: Sampling, tick: Tick, parts: Collection[Part] = PARTS) -> DataSet:
        """Parts that are not asked for are empty."""
        data = load(self.listing(), sampling, tick, parts)
        if "training" not in parts:
            return data
        return with_background(data, self.negatives, self.elsewhere, sampling, tick)


def actions_of(label: str) -> tuple[str, ...]:
    """The actions that a label of a clip list names."""
    return tuple(sorted({action.strip() for action in label.split(";")} - {""}))


def clip_list(folder: Path) -> list[tuple[Path, str, str]]:
    """Path, label and group of every clip.

    Raises:
        DataError: the list cannot be read, or names files that are not there.
    """
    return [(folder / row["path"], row["label"], row["group"]) for row in _lines(folder)]


def _rows(folder: Path) -> tuple[Recording, ...]:
    return tuple(
        Recording(
            path=folder / row["path"],
            group=row["group"],
            spans=tuple(Span(action) for action in actions_of(row["label"])),
            split=row.get("split") or "",
        )
        for row in _lines(folder)
    )


def _lines(folder: Path) -> list[dict[str, str]]:
    listing = folder / "clips.csv"
    rows = _table(listing)
    for number, row in enumerate(rows, start=1):
        if lacking := [name for name in _COLUMNS if row[name] is None]:
            raise DataError(f"{listing}: its {number}. clip has no {lacking[0]}; {_RIGHT}, in every line")
        if (row.get("split") or "") not in ("", *SPLITS):
            raise DataError(f"{listing}: split is {row['split']!r}; it is one of {', '.join(SPLITS)}, or empty")
    if missing := [str(folder / row["path"]) for row in rows if not (folder / row["path"]).is_file()]:
        raise DataError(f"{listing} names {len(missing)} clips that are not there, the first is {missing[0]}")
    if not rows:
        raise DataError(f"{listing} names no clip")
    return rows


def _table(listing: Path) -> list[dict[str, str]]:
    """Its rows, with each of the columns once; in a row that is too short the last ones are None."""
    try:
        # Spreadsheets write a mark in front.
        with listing.open(newline="", encoding="utf-8-sig") as lines:
            reader = csv.DictReader(lines)
            rows, named = list(reader), list(reader.fieldnames or ())
    except OSError as error:
        raise DataError(f"{listing}: {error.strerror}; {_RIGHT}") from None
    except UnicodeDecodeError as error:
        raise DataError(f"{listing}: no UTF-8 text ({error.reason}); {_RIGHT}") from None
    except csv.Error as error:
        raise DataError(f"{listing}: no table of text ({error}); {_RIGHT}") from None
    for name in _COLUMNS:
        if (count := named.count(name)) != 1:
            raise DataError(f"{listing}: {count or 'no'} columns '{name}' in its first line; {_RIGHT}")
    return rows
