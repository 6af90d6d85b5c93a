"""What it costs to look into a film, and which films are found to show the same.

usage: python -m benchmarks.films CLIPS_FOLDER STILL_CAMERA_FOLDER [--films 24] [--json]

Looking: a clip of 16 pictures, 0.125 s apart, from a random place of a film as long as all given ones together, by
seeking and by decoding from the beginning. The same: films encoded anew, at half the size, brighter, without their
first eighth; and films of a still camera among each other, none of which is another.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np

from recognizers.clip import Picture
from recognizers.data.duplicates import Look, look_of, near_duplicates
from recognizers.data.listing import found_videos
from recognizers.data.video import facts, pictures, pictures_at
from streamer.testing.film import read_film, write_film

FPS, WIDTH, HEIGHT, SIDE_PX = 25, 320, 240, 112
RATE_HZ, FRAMES, LOOKS = 8.0, 16, 20


def brighter(picture: Picture) -> Picture:
    return np.clip(picture.astype(int) * 1.15 + 10, 0, 255).astype(np.uint8)


VARIANTS: dict[str, Callable[[list[Picture]], list[Picture]]] = {
    "encoded anew": lambda film: film,
    "half the size": lambda film: [picture[::2, ::2] for picture in film],
    "brighter": lambda film: [brighter(picture) for picture in film],
    "without the first eighth": lambda film: film[len(film) // 8 :],
}


def found(some: Sequence[Look], others: Sequence[Look]) -> tuple[int, int]:
    """How many films are found in others, of which each has the same number; and how many in one that is another."""
    pairs = [(a, b) for a, b, _ in near_duplicates(some, others)]
    return sum(a == b for a, b in pairs), sum(a != b for a, b in pairs)


def alike(films: Sequence[Path], folder: Path) -> dict[str, dict[str, int]]:
    looks = [look_of(path) for path in films]
    table = {}
    for name, change in VARIANTS.items():
        changed = []
        for path in films:
            shown = change(list(read_film(path, WIDTH, HEIGHT, FPS)))
            changed.append(look_of(write_film(folder / f"{name} {path.stem}.mp4", shown, FPS, 300_000)))
        same, others = found(looks, changed)
        table[name] = {"films": len(films), "found": same, "others": others}
    return table


def looked_into(film: Path) -> dict[str, float]:
    """Milliseconds a clip, and how long the film is."""
    length_s, rng = facts(film).duration_s, np.random.default_rng(1)
    starts = [int(start) for start in rng.integers(0, int(length_s * RATE_HZ) - FRAMES, LOOKS)]
    begun = time.perf_counter()
    for start in starts:
        list(pictures_at(film, range(start, start + FRAMES), RATE_HZ, SIDE_PX))
    sought = time.perf_counter()
    for start in starts:
        list(islice(pictures(film, RATE_HZ, SIDE_PX), start, start + FRAMES))
    decoded = time.perf_counter()
    return {
        "film_s": round(length_s, 1),
        "seeking_ms": round(1000 * (sought - begun) / LOOKS, 1),
        "from_the_beginning_ms": round(1000 * (decoded - sought) / LOOKS, 1),
    }


def spliced(films: Sequence[Path]) -> Iterator[Picture]:
    for path in films:
        yield from read_film(path, WIDTH, HEIGHT, FPS)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clips", type=Path)
    parser.add_argument("still_camera", type=Path)
    parser.add_argument("--films", type=int, default=24)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    videos = sorted(found_videos(arguments.clips).values())
    films = [videos[int(n)] for n in np.random.default_rng(0).choice(len(videos), arguments.films, replace=False)]
    still = [look_of(path) for path in sorted(found_videos(arguments.still_camera).values())]
    with tempfile.TemporaryDirectory() as folder:
        looking = looked_into(write_film(Path(folder) / "long.mp4", spliced(films), FPS))
        table = alike(films, Path(folder))
    table["films of a still camera"] = {"films": len(still), "found": 0, "others": found(still, still)[1]}
    if arguments.json:
        json.dump({"looking": looking, "alike": table}, sys.stdout)
        return
    sys.stdout.write(f"{looking}\n")
    for name, counts in table.items():
        sys.stdout.write(f"{name:26} {counts['found']} of {counts['films']} found, {counts['others']} others\n")


if __name__ == "__main__":
    main()
