"""Files of skeletons: `.npz` with five arrays, read strictly. What is wrong with one is told before anything is learned
from it."""

from __future__ import annotations

import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recognizers.errors import DataError

_ARRAYS = {"frames": "iuf", "lengths": "iu", "labels": "iu", "subjects": "iu", "names": "U"}
"""What a file holds, and the kinds of numbers (or text) that each can be of."""
_DIMENSIONS = {"frames": 3, "lengths": 1, "labels": 1, "subjects": 1, "names": 1}
_KINDS = {"iuf": "numbers", "iu": "whole numbers", "U": "texts"}
_FARTHEST = 1e6
"""Of a coordinate: a kilometre in millimetres. What is larger is no place, and its square no number in half of what
networks reckon in."""


@dataclass(frozen=True, slots=True)
class SkeletonArrays:
    """What a file holds: sequences in a row."""

    frames: NDArray[np.float32]
    """`(N, J, D)` of all sequences; D is 2 or 3."""
    lengths: NDArray[np.int64]
    """`(S,)` frames of each sequence."""
    labels: NDArray[np.int64]
    """`(S,)` positions among the names."""
    subjects: NDArray[np.int64]
    """`(S,)`."""
    names: tuple[str, ...]


def read_skeletons(path: Path) -> SkeletonArrays:
    """A file, read whole.

    Raises:
        DataError: it cannot be read, or is not all that `SkeletonArrays` says; names the array and what would be right.
    """
    arrays = _arrays(path)
    try:
        _check_kinds(arrays)
        _check_lengths(arrays)
        _check_labels(arrays["labels"], arrays["names"])
        frames = _places(arrays["frames"])
    except ValueError as error:
        raise DataError(f"{path}: {error}") from None
    lengths, labels, subjects = (arrays[name].astype(np.int64) for name in ("lengths", "labels", "subjects"))
    return SkeletonArrays(frames, lengths, labels, subjects, tuple(map(str, arrays["names"])))


def _arrays(path: Path) -> dict[str, NDArray[np.generic]]:
    try:
        with zipfile.ZipFile(path):
            pass  # numpy would take a single array for a file, too
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in _ARRAYS}
    except OSError as error:
        raise DataError(f"cannot read the skeletons {path}: {error.strerror or error}; check the path") from None
    except MemoryError:
        raise DataError(f"{path} says that it holds more than this machine's memory takes; copy it again") from None
    except (KeyError, ValueError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
        raise DataError(f"{path} holds no skeletons ({error}); it needs the arrays {', '.join(_ARRAYS)}") from None


def _check_kinds(arrays: dict[str, NDArray[np.generic]]) -> None:
    for name, kinds in _ARRAYS.items():
        if arrays[name].dtype.kind not in kinds:
            raise ValueError(f"{name} are of type {arrays[name].dtype}; they must be {_KINDS[kinds]}")
    counts = {len(arrays[name]) for name in ("lengths", "labels", "subjects") if arrays[name].ndim}
    flat = [name for name, dimensions in _DIMENSIONS.items() if arrays[name].ndim != dimensions]
    if flat or len(counts) != 1 or arrays["frames"].shape[2] not in (2, 3):
        raise ValueError(
            "arrays do not go together; frames are (sum of lengths, joints, 2 or 3), "
            "lengths, labels and subjects have one number a sequence"
        )
    if not arrays["frames"].size or 0 in counts:
        raise ValueError("holds no sequence; it needs some, each of at least one frame")


def _check_lengths(arrays: dict[str, NDArray[np.generic]]) -> None:
    count = len(arrays["frames"])
    lengths = [int(length) for length in arrays["lengths"].tolist()]
    if min(lengths) < 1 or sum(lengths) != count:
        raise ValueError(
            f"arrays do not go together: lengths sum to {sum(lengths)}, the shortest is {min(lengths)}, and there are "
            f"{count} frames; the sum must be these, and each at least 1"
        )


def _check_labels(labels: NDArray[np.generic], names: NDArray[np.generic]) -> None:
    known = [str(name) for name in names.tolist()]
    if twice := sorted({name for name in known if known.count(name) > 1}):
        raise ValueError(f"names has {', '.join(map(repr, twice))} twice; each label has a name of its own")
    if not all(name.strip() for name in known):
        raise ValueError("names has an empty one; each label needs a name")
    wrong = sorted({number for number in labels.tolist() if not 0 <= number < len(known)})
    if wrong:
        raise ValueError(f"labels has {wrong[0]}; they are positions among the {len(known)} names, from 0")


def _places(frames: NDArray[np.generic]) -> NDArray[np.float32]:
    # What is too large for a float32 is too large for a place as well.
    with np.errstate(over="ignore"):
        places = frames.astype(np.float32)
    for number in np.argwhere(~(np.abs(places) <= _FARTHEST).all(axis=(1, 2)))[:1, 0]:
        raise ValueError(
            f"frames has no place in frame {number} (counted from 0): every coordinate must be a number of at most "
            f"{_FARTHEST:g} in size; a joint that was not seen is at 0, 0, 0"
        )
    return places
