"""What finding joints costs, and whether what is found makes sense.

usage: python -m benchmarks.joints LAYOUT MODEL FILM… [--persons 1] [--side 360] [--json]

LAYOUT is mediapipe33 (people) or hands21; MODEL is the `.task` file for it. Every picture of the films (10 a second,
`--side` pixels on its short side) is looked at by itself, on one thread. Sure joints are those that count as seen.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from statistics import median

import numpy as np
from numpy.typing import NDArray

from recognizers.data.video import pictures
from recognizers.estimators.base import PoseEstimator
from recognizers.estimators.choice import build_estimator

RATE_HZ, SURE = 10.0, 0.5


def figures(found: list[NDArray[np.float32]], cpu_s: list[float], wall_s: list[float]) -> dict[str, float]:
    """Of the poses in each picture, and what each took; the first picture warms up and is not timed."""
    joints = np.concatenate([poses.reshape(-1, 3) for poses in found])
    sure = joints[joints[:, 2] >= SURE]
    inside = ((sure[:, :2] >= 0) & (sure[:, :2] <= 1)).all(axis=1)
    return {
        "pictures": len(found),
        "with_somebody": round(sum(len(poses) > 0 for poses in found) / len(found), 3),
        "persons": round(sum(len(poses) for poses in found) / len(found), 2),
        "score": round(float(joints[:, 2].mean()), 3) if len(joints) else 0.0,
        "sure": round(len(sure) / max(1, len(joints)), 3),
        "sure_inside": round(float(inside.mean()), 3) if len(sure) else 0.0,
        "cpu_ms": round(1e3 * median(cpu_s[1:]), 1),
        "wall_ms": round(1e3 * median(wall_s[1:]), 1),
    }


def look(estimator: PoseEstimator, films: list[Path], side_px: int) -> dict[str, float]:
    found, cpu_s, wall_s = [], [], []
    for film in films:
        for picture in pictures(film, RATE_HZ, side_px):
            cpu, wall = time.process_time(), time.perf_counter()
            found.append(estimator.poses(picture))
            cpu_s.append(time.process_time() - cpu)
            wall_s.append(time.perf_counter() - wall)
    return figures(found, cpu_s, wall_s)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("layout")
    parser.add_argument("model", type=Path)
    parser.add_argument("films", type=Path, nargs="+")
    parser.add_argument("--persons", type=int, default=1)
    parser.add_argument("--side", type=int, default=360)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    estimator = build_estimator(arguments.layout, 2, arguments.persons, arguments.model, 1)
    report = look(estimator, arguments.films, arguments.side)
    print(json.dumps(report) if arguments.json else "\n".join(f"{name:16}{value}" for name, value in report.items()))


if __name__ == "__main__":
    main()
