"""Clips a second that a training learns from, beside a bare torch loop over tensors that are decoded and normalised
already: the same network, batch and numbers, nothing varied, no mean of weights, no cut of gradients.

usage: python -m benchmarks.training [--kind slowfast] [--size small] [--crop 96] [--batch 16] [--segment 12]
       [--rounds 5] [--threads 1] [--workers 1] [--device auto] [--json]

Both run in one process and take turns, a segment of steps each; the first steps of each segment are not counted (what
was prepared while the other ran would be free). Reported are the medians of the rounds, and their ratio; and on a CPU
the ratio of the processor seconds a clip costs, which is what is left where no core is idle.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from recognizers.clip import ClipSpec
from recognizers.data.sets import WorkCellData
from recognizers.data.windows import Jitter
from recognizers.families import FAMILIES
from recognizers.train.loop import train
from recognizers.train.plan import TrainingPlan
from recognizers.train.recipe import Recipe
from recognizers.train.watched import Progress

_KNOWN = 4
"""Batches that the bare loop goes around in."""


class Measured(Exception):
    """All rounds were run; the training need not end."""


@dataclass(frozen=True, slots=True)
class Rate:
    """Clips a second."""

    wall: float
    processor: float
    """Per second that any core worked for it."""


@dataclass(frozen=True, slots=True)
class Moment:
    """On both clocks, in seconds."""

    wall: float
    processor: float

    @staticmethod
    def now() -> Moment:
        return Moment(time.perf_counter(), time.process_time())

    def rate(self, clips: int) -> Rate:
        """Since then."""
        now = Moment.now()
        return Rate(clips / (now.wall - self.wall), clips / max(now.processor - self.processor, 1e-9))


@dataclass(frozen=True, slots=True)
class Turns:
    """Told after each step of a training; runs the bare loop in between."""

    bare: Callable[[int], None]
    clips: int
    """In a batch."""
    segment: int
    rounds: int
    warm: int
    """First steps of a segment, which are not counted."""
    device: torch.device
    ours: list[Rate] = field(default_factory=list)
    theirs: list[Rate] = field(default_factory=list)
    began: list[Moment] = field(default_factory=list)

    def told(self, progress: Progress) -> None:
        place = progress.step % self.segment
        if place == self.warm:
            self._wait()
            self.began.append(Moment.now())
        elif place == 0:
            self._wait()
            counted = (self.segment - self.warm) * self.clips
            self.ours.append(self.began[-1].rate(counted))
            self.bare(self.warm)
            self._wait()
            begun = Moment.now()
            self.bare(self.segment - self.warm)
            self._wait()
            self.theirs.append(begun.rate(counted))
            one, other = self.ours[-1].wall, self.theirs[-1].wall
            print(f"round {len(self.ours)}: ours {one:.2f}, bare {other:.2f}", file=sys.stderr)
            # The first round warms both up.
            if len(self.ours) > self.rounds:
                raise Measured

    def _wait(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.synchronize()


def bare_loop(plan: TrainingPlan, known: list[tuple[Tensor, Tensor]]) -> Callable[[int], None]:
    """So many steps of a new network, as few lines as torch needs."""
    recipe = plan.recipe
    network: nn.Module = FAMILIES[plan.kind].network(plan.size, known[0][1].shape[1]).to(recipe.on).train()
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-4)
    halved = recipe.reckoned_in != torch.float32

    def run(steps: int) -> None:
        for step in range(steps):
            clips, truth = known[step % len(known)]
            with torch.autocast(recipe.on.type, recipe.reckoned_in) if halved else nullcontext():
                logits = network(clips)
            loss = F.cross_entropy(logits.float(), truth)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()

    return run


def measured(plan: TrainingPlan, segment: int, rounds: int) -> dict[str, float | str]:
    """Clips a second of both."""
    lessons = plan.lessons(lambda *_: None)
    known = [lessons.batch(np.random.default_rng(number)) for number in range(_KNOWN)]
    recipe = plan.recipe
    torch.set_num_threads(recipe.threads)
    bare = bare_loop(plan, [(inputs, truth) for inputs, truth in known if isinstance(inputs, Tensor)])
    turns = Turns(bare, recipe.batch, segment, rounds, recipe.workers + 2, recipe.on)
    with suppress(Measured):
        train(plan, lambda *_: None, turns.told)
    rounds_of = list(zip(turns.ours[1:], turns.theirs[1:], strict=True))
    ours, theirs = median(one.wall for one, _ in rounds_of), median(other.wall for _, other in rounds_of)
    ratios = [one.wall / other.wall for one, other in rounds_of]
    return {
        "device": torch.cuda.get_device_name() if recipe.on.type == "cuda" else f"CPU, {recipe.threads} threads",
        "ours_clips_per_s": round(ours, 2),
        "bare_clips_per_s": round(theirs, 2),
        "ratio": round(ours / theirs, 4),
        "worst_round": round(min(ratios), 4),
        "best_round": round(max(ratios), 4),
        "ratio_of_processor_time": round(median(one.processor / other.processor for one, other in rounds_of), 4),
    }


def plan_of(given: argparse.Namespace, out: Path) -> TrainingPlan:
    size = FAMILIES[given.kind].named(given.size, {})
    # Segments of figures that are told one by one: see `loop._is_due`; nothing is saved or looked at.
    steps = given.segment * (given.rounds + 2)
    recipe = Recipe(
        steps=steps, batch=given.batch, threads=given.threads, workers=given.workers, device=given.device,
        save_every=steps + 1, ghost=0.2, hide=0.2,
    )  # fmt: skip
    data = WorkCellData(seed=1000, sessions=2, session_s=40.0, held_out=1, elsewhere=2)
    spec = ClipSpec(size.frames, 0.125, 0.25, given.crop)
    return TrainingPlan(given.kind, size, spec, given.crop, data, recipe, Jitter(still=0.4), out)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kind", default="slowfast")
    parser.add_argument("--size", default="small")
    parser.add_argument("--crop", type=int, default=96)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--segment", type=int, default=12)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        report = measured(plan_of(given, Path(folder) / "out.safetensors"), given.segment, given.rounds)
    print(json.dumps(report) if given.json else "\n".join(f"{key:26}{value}" for key, value in report.items()))


if __name__ == "__main__":
    main()
