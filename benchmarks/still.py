"""Can a still frame tell tightening from loosening? Trains the bundled network's twin that sees one picture.

usage: python -m benchmarks.still [--steps 1100] [--sessions 72] [--json]

The same simulated operators, recipe and pathways as `config/training/cell.yaml`, but clips of a single picture.
Chance between the two is 50 %.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from recognizers.clip import ClipSpec
from recognizers.data.sets import WorkCellData
from recognizers.data.windows import Jitter
from recognizers.models.slowfast import SlowFastSize
from recognizers.train.loop import Progress, train
from recognizers.train.plan import TrainingPlan
from recognizers.train.recipe import Recipe

SIZE = SlowFastSize(frames=1, alpha=1, beta_inv=4, width=16, depths=(1, 1, 1, 1), fusion_kernel=1)
PAIR = ("tighten", "loosen")


def pair_accuracy(labels: list[str], confusion: list[list[int]]) -> float:
    """Share right among clips of the pair that were given either of its labels."""
    first, second = (labels.index(label) for label in PAIR)
    right = confusion[first][first] + confusion[second][second]
    return right / max(1, right + confusion[first][second] + confusion[second][first])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=1100)
    parser.add_argument("--sessions", type=int, default=72)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        plan = TrainingPlan(
            kind="slowfast",
            size=SIZE,
            spec=ClipSpec(1, 0.125, 0.25, 96),
            crop_px=96,
            data=WorkCellData(seed=1000, sessions=arguments.sessions, session_s=40.0, held_out=15, elsewhere=80),
            recipe=Recipe(steps=arguments.steps, batch=16),
            jitter=Jitter(),
            out=Path(folder) / "still.safetensors",
        )
        card = train(plan, _tick, _told)
    held_out: dict[str, Any] = card.trained["held_out"]
    pair = pair_accuracy(list(card.labels), held_out["confusion"])
    report = {"top1": held_out["top1"], "tighten_or_loosen": round(pair, 4), "recall": held_out["recall"]}
    print(json.dumps(report) if arguments.json else "\n".join(f"{key:20}{value}" for key, value in report.items()))


def _tick(what: str, done: int, of: int) -> None:
    if done == of:
        print(f"{what}: {of}", file=sys.stderr)


def _told(progress: Progress) -> None:
    if progress.step % 100 == 0:
        print(f"step {progress.step} of {progress.steps}: loss {progress.loss:.3f}", file=sys.stderr)


if __name__ == "__main__":
    main()
