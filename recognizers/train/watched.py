"""What is seen of a training: each step's figures, and whether they are numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass

from torch import Tensor

from recognizers.train.lessons import Inputs
from recognizers.train.plan import TrainingPlan


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a training stands after a step."""

    step: int
    steps: int
    loss: float
    """Of this step's batch."""
    rate: float
    gradient: float = 0.0
    """Its length, before it was cut."""
    best: float | None = None
    """Loss of the calibration part at the best look before."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A step whose figures may still be on their way from a GPU."""

    step: int
    """From 0."""
    loss: Tensor
    gradient: Tensor
    rate: float

    def progress(self, steps: int, best: float | None) -> Progress:
        """The figures; waits for them."""
        return Progress(self.step + 1, steps, float(self.loss), self.rate, float(self.gradient), best)


def is_sound(seen: Progress, plan: TrainingPlan) -> bool:
    """Whether loss and gradient are numbers. In float16 a gradient that does not fit is an everyday thing: the step was
    left out."""
    return math.isfinite(seen.loss) and (math.isfinite(seen.gradient) or plan.recipe.precision == "float16")


def why_unsound(seen: Progress, plan: TrainingPlan, inputs: Inputs) -> str:
    """What happened in which step, what is likely the cause, and what is kept."""
    what = f"the gradient is {seen.gradient}" if math.isfinite(seen.loss) else f"the loss is {seen.loss}"
    parts = inputs if isinstance(inputs, tuple) else (inputs,)
    if not all(bool(one.isfinite().all()) for one in parts):
        cause = "what was to be learned from in it holds numbers that are none; look for a broken recording"
    elif plan.recipe.precision == "float16":
        cause = "likely float16 is too narrow; take precision: bfloat16, or float32"
    else:
        cause = f"likely the rate is too high; take rate: {plan.recipe.rate / 3:.1g}, or a longer warm_up"
    kept = [str(path) for path in (plan.state_path, plan.best_path) if path.exists()]
    return f"{what} in step {seen.step} of {plan.recipe.steps} (rate {seen.rate:.3g}): {cause}" + (
        f". Kept as they were: {' and '.join(kept)}; remove {plan.state_path} to begin anew" if kept else ""
    )
