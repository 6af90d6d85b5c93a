"""The names of a data set's labels, in the order of their numbers, in the forms in which data sets give them."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

from recognizers.data.listing import lines_of
from recognizers.errors import DataError

_HOLDS = (
    "names of labels: one a line; or 'number name' a line; or .csv with the columns id, name; or .json of name: number"
)


def read_labels(path: Path) -> tuple[str, ...]:
    """In the order of their numbers, which count from 0 or 1 without a gap.

    Raises:
        DataError: the file cannot be read, or numbers are missing or given twice.
    """
    lines = [line.strip() for _, line in lines_of(path, _HOLDS)]
    if path.suffix == ".json":
        return _by_number(path, _of_json(path, "\n".join(lines)))
    if path.suffix == ".csv":
        rows = list(csv.DictReader(lines, skipinitialspace=True))
        if not rows or not {"id", "name"} <= set(rows[0]):
            raise DataError(f"{path} has no columns id and name; it holds {_HOLDS}")
        return _by_number(path, [(row["name"], row["id"]) for row in rows])
    split = [line.split(maxsplit=1) for line in lines]
    if split and all(len(words) == 2 and words[0].isdecimal() for words in split):
        return _by_number(path, [(name, number) for number, name in split])
    return _without_doubles(path, tuple(map(plain, lines)))


def plain(name: str) -> str:
    """A name without the quotes that Kinetics' files put around some."""
    return name.strip().strip('"').strip()


def _of_json(path: Path, text: str) -> list[tuple[str, Any]]:
    try:
        given = json.loads(text)
    except json.JSONDecodeError as error:
        raise DataError(f"{path} is no JSON ({error.msg}); it holds {_HOLDS}") from None
    if isinstance(given, list) and all(isinstance(name, str) for name in given):
        return [(name, number) for number, name in enumerate(given)]
    if not isinstance(given, dict):
        raise DataError(f"{path} is no object of names and numbers; it holds {_HOLDS}")
    return list(given.items())


def _by_number(path: Path, names: list[tuple[str, Any]]) -> tuple[str, ...]:
    try:
        ordered = sorted((int(number), plain(name)) for name, number in names)
    except (TypeError, ValueError):
        raise DataError(f"{path} has a label without a number; it holds {_HOLDS}") from None
    numbers = [number for number, _ in ordered]
    if not numbers or numbers != list(range(numbers[0], numbers[0] + len(numbers))) or numbers[0] not in (0, 1):
        raise DataError(f"{path}: numbers of labels have gaps, are given twice or do not begin with 0 or 1")
    return _without_doubles(path, tuple(name for _, name in ordered))


def _without_doubles(path: Path, names: tuple[str, ...]) -> tuple[str, ...]:
    if doubled := sorted({name for name in names if names.count(name) > 1}):
        raise DataError(f"{path} names {doubled[0]} twice; each label has one number")
    if not names:
        raise DataError(f"{path} names no label; it holds {_HOLDS}")
    return names
