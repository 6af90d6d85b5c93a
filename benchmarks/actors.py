"""What it costs to tell people apart, and how long they stay who they are, in a recorded scene.

usage: python -m benchmarks.actors FILM MODEL    (MODEL: FastestDet.onnx)

Prints JSON. Times are of one CPU thread: of the detector for a picture, and of everything for a clip that shows so many
people, whatever they are.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import defaultdict
from dataclasses import asdict
from pathlib import Path
from statistics import mean, median

import numpy as np
import torch

from recognizers.card import Card
from recognizers.clip import WHOLE_PICTURE, Clip, ClipSpec, Picture
from recognizers.data.video import pictures
from recognizers.estimators.base import ActorDetector, Found
from recognizers.estimators.fastestdet import SIDE_PX, FastestDet
from recognizers.models.slowfast_actors import SIZES, SlowFastActors
from recognizers.runtimes.localised import LocalisedRecognizer
from recognizers.transforms import MEAN, STD
from streamer.tracker import ActorTracker

RATE_HZ, HOP_S = 8, 0.5
PEOPLE = (0, 1, 4, 12)
NETWORKS = {"small": (96, 0.5, 8), "r50_8x8": (256, 1.0, 3)}
"""By size: short side in pixels, seconds from clip to clip, and how many clips are timed."""


class Invented:
    """So many people in a row, found at no cost."""

    short_side_px = SIDE_PX

    def __init__(self, count: int) -> None:
        boxes = [(n / count, 0.2, (n + 1) / count, 0.9) for n in range(count)]
        self._found = Found(np.array(boxes, np.float32).reshape(-1, 4), np.ones(count, np.float32))

    def actors(self, picture: Picture) -> Found:
        return self._found


def lives(film: list[Picture], detector: ActorDetector) -> dict[str, float]:
    """How many people there are at a time, how many ids they get, and for how many seconds these last."""
    tracker, seen = ActorTracker(), defaultdict(list)
    counts = []
    for look, picture in enumerate(film[:: round(HOP_S * RATE_HZ)]):
        ids = [one for one in tracker.follow(detector.actors(picture).boxes, look * HOP_S).ids if one is not None]
        counts.append(len(ids))
        for one in ids:
            seen[one].append(look * HOP_S)
    lasted = [moments[-1] - moments[0] for moments in seen.values()]
    return {
        "seconds": len(film) / RATE_HZ,
        "people": round(mean(counts), 2),
        "ids": len(seen),
        "median_s": median(lasted),
        "longest_s": max(lasted),
    }


def clip_ms(film: list[Picture], name: str, people: int) -> float:
    """Of a clip that overlaps the one before, as live."""
    crop_px, hop_s, clips = NETWORKS[name]
    size = SIZES[name]()
    spec = ClipSpec(size.frames, 1 / RATE_HZ, hop_s, crop_px)
    card = Card("slowfast_actors", ("none", *"abcdef"), "none", spec, crop_px, MEAN, STD, asdict(size), multilabel=True)
    network = SlowFastActors(size, len(card.labels)).eval().requires_grad_(False)
    recognizer = LocalisedRecognizer(network, card, Invented(people), threads=1)
    state, took = None, []
    for index in range(clips + 1):
        first = round(index * hop_s * RATE_HZ)
        shown = tuple(film[(first + n) % len(film)] for n in range(size.frames))
        clip = Clip("film", "all", 1, index, 0, index * hop_s, 0, 0, WHOLE_PICTURE, 1.0, shown)
        began = time.thread_time()
        ((_, state),) = recognizer.recognize([clip], [state])
        took.append(time.thread_time() - began)
    return round(1e3 * median(took[1:]), 1)


def detector_ms(film: list[Picture], detector: ActorDetector) -> float:
    took = []
    for picture in film[:40]:
        began = time.thread_time()
        detector.actors(picture)
        took.append(time.thread_time() - began)
    return round(1e3 * median(took), 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("film", type=Path)
    parser.add_argument("model", type=Path)
    given = parser.parse_args()
    torch.set_num_threads(1)
    film, detector = list(pictures(given.film, RATE_HZ, SIDE_PX)), FastestDet(given.model)
    said = {
        "detector_ms": detector_ms(film, detector),
        "lives": lives(film, detector),
        "clip_ms": {name: {people: clip_ms(film, name, people) for people in PEOPLE} for name in NETWORKS},
    }
    print(json.dumps(said, indent=1))


if __name__ == "__main__":
    main()
