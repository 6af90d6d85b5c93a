"""What shows none of the actions: videos that are known to hold none, and simulated scenes."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

import numpy as np

from recognizers.data.film import Cut, FilmPictures, Shelf
from recognizers.data.synthetic import Elsewhere
from recognizers.data.track import DataSet, Sampling, Tick, Track, squares

_ELSEWHERE_S = 6.0


def with_background(
    data: DataSet, negatives: Collection[Path], elsewhere: int, sampling: Sampling, tick: Tick
) -> DataSet:
    """A set whose training also shows videos without any action, and simulated scenes.

    Raises:
        DataError: such a video cannot be read.
    """
    none = data.none
    films = tuple(_film(path, none, sampling) for path in negatives)
    return replace(data, training=(*data.training, *films, *scenes(0, elsewhere, sampling, none, tick)))


def scenes(seed: int, count: int, sampling: Sampling, label: int, tick: Tick) -> tuple[Track, ...]:
    """Simulated scenes, each from a seed of its own, and of at least one picture."""
    made = []
    moments = [number / sampling.rate_hz for number in range(max(1, round(_ELSEWHERE_S * sampling.rate_hz)))]
    for number in range(count):
        scene = Elsewhere(seed + number, height_px=sampling.side_px)
        drawn = squares(map(scene.draw, moments), sampling.side_px)
        name, group = f"elsewhere {seed + number}", f"scene {seed + number}"
        made.append(Track(name, group, sampling.rate_hz, drawn, np.full(len(drawn), label, np.int64)))
        tick("drawing other scenes", number + 1, count)
    return tuple(made)


def _film(path: Path, label: int, sampling: Sampling) -> Track:
    shown = FilmPictures(path, sampling.rate_hz, Cut.square(sampling.side_px), Shelf(0)).decoded()
    return Track(path.stem, path.stem, sampling.rate_hz, shown, np.full(len(shown), label, np.int64))
