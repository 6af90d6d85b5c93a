"""What the cameras of a benchmark show, and event rules under which real scenes cause events all the time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import av
import numpy as np

from recognizers.clip import WHOLE_PICTURE, Picture
from recognizers.recognizer import Recognizer
from streamer.buffer import Cut, TemporalBuffer
from streamer.frame import Frame
from streamer.testing.film import read_film, write_film

FPS, WIDTH, HEIGHT = 25, 640, 360
SCENE_S = 5


def write_films(clips: Sequence[Path], folder: Path) -> list[Path]:
    """One film for each clip: all scenes in turn, beginning with another one each, so that every camera costs the
    same over a film and no moment is cheap for all.

    A scene's pictures follow each other at 25 a second whatever its own rate: repeated ones would cost nothing.
    """
    return [
        write_film(folder / f"film-{first}.mp4", _scenes([*clips[first:], *clips[:first]]), FPS)
        for first in range(len(clips))
    ]


def _scenes(clips: Sequence[Path]) -> Iterator[Picture]:
    for clip in clips:
        yield from islice(_pictures(clip), SCENE_S * FPS)


def _pictures(clip: Path) -> Iterator[Picture]:
    while True:
        with av.open(str(clip)) as film:
            for frame in film.decode(video=0):
                yield frame.to_ndarray(format="rgb24", width=WIDTH, height=HEIGHT).astype(np.uint8, copy=False)


def restless_rules(recognizer: Recognizer, film: Path, size: tuple[int, int]) -> dict[str, dict[str, float]]:
    """Rules by action: the one whose score crosses its own median most often begins and ends there, at once."""
    fps = round(1 / recognizer.spec.interval_s)
    buffer = TemporalBuffer("film", [Cut("bench", recognizer.spec, WHOLE_PICTURE)])
    scores, state = [], None
    for index, picture in enumerate(read_film(film, *size, fps)):
        for clip in buffer.push(Frame("film", 1, index, index / fps, index / fps, picture)):
            ((prediction, state),) = recognizer.recognize([clip], [state])
            if prediction is not None:
                scores.append(prediction.scores)
    medians = np.median(scores, axis=0)
    crossings = np.abs(np.diff((scores >= medians).astype(int), axis=0)).sum(axis=0)
    crossings[recognizer.labels.index(recognizer.background)] = -1
    action = int(crossings.argmax())
    border = float(medians[action])
    at_once = {"on": border, "off": border, "smooth_s": 0.0, "release_s": 0.0}
    return {"default": {"on": 1.0, "off": 0.0}, recognizer.labels[action]: at_once}
