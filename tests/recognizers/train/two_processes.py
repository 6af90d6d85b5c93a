"""A training of two processes, as `torchrun` starts them; see `test_ranks`."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from recognizers.train.loop import train
from recognizers.train.plan import TrainingPlan
from tests.recognizers.train.test_begin import CRNN
from tests.recognizers.train.tiny import RECIPE, tiny_plan

LEARNING = replace(RECIPE, steps=5, batch=4, save_every=2, looks=1, head_only=True, rate=0.02)
"""Without batch norms that learn and without dropout: those see the shares of a batch one by one on CPUs."""


def plan_in(folder: Path) -> TrainingPlan:
    plan = tiny_plan(folder, LEARNING, "crnn", replace(CRNN, dropout=0.0))
    return replace(plan, begin=folder / "earlier.safetensors")


def threads() -> list[str]:
    """Names of all that run in this process, those of libraries too."""
    return [(task / "comm").read_text().strip() for task in Path("/proc/self/task").iterdir()]


if __name__ == "__main__":
    card = train(plan_in(Path(sys.argv[1])), lambda *_: None, lambda progress: print(progress.step, flush=True))
    assert card.trained["recipe"]["batch"] == 4
    # Threads that outlive the interpreter end the process by SIGABRT now and then.
    assert not [name for name in threads() if name.startswith("pt_gloo")]
