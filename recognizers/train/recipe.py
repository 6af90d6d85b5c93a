"""The numbers of an optimisation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import torch

from recognizers.errors import DataError

Optimiser = Literal["adamw", "sgd"]
Precision = Literal["auto", "float32", "bfloat16", "float16"]


@dataclass(frozen=True, slots=True)
class Recipe:
    """The numbers of an optimisation."""

    steps: int
    batch: int = 32
    rate: float = 2e-3
    """Highest learning rate; rises over the first steps (`warm_up`) and falls as half a cosine."""
    warm_up: float = 0.05
    """Share of the steps in which the rate rises."""
    optimiser: Optimiser = "adamw"
    """AdamW (Loshchilov and Hutter, ICLR 2019), or SGD with Nesterov momentum 0.9."""
    weight_decay: float = 0.05
    head_only: bool = False
    """Only what decides learns; what looks stays as it began."""
    cached: int = 0
    """Where only the head learns: so many varied clips are looked at once, and it learns from what was seen of them.
    0: every batch is looked at anew."""
    head_first: float = 0.0
    """Share of the steps in which only what decides learns, before all does."""
    body_rate: float = 1.0
    """Rate of what looks, in shares of `rate`."""
    smoothing: float = 0.05
    """Label smoothing."""
    average: float = 0.995
    """Decay of the moving average of the weights, which is what is kept."""
    flip: bool = False
    """Mirror half of the clips; only where no action is handed or has a direction, or `mirrored` says which become
    each other."""
    mirrored: Mapping[str, str] = field(default_factory=dict)
    """Labels that a mirror turns into each other, each pair once: {left: right}."""
    zoom: float = 0.0
    """Clips show from 1 - zoom of the picture up to all of it; skeletons are smaller or larger by so much."""
    turn: float = 0.0
    """Clips are turned by up to so many degrees either way, as cameras hang askew."""
    noise: float = 0.0
    """Joints are off by so much, in shares of the body's size (standard deviation)."""
    grey: float = 0.0
    """Share of clips without colour."""
    ghost: float = 0.0
    """Share of clips under a faint still picture of another clip."""
    hide: float = 0.0
    """Share of clips of which a box is hidden; of skeletons, the share of joints that is missing."""
    mixup: float = 0.0
    """Alpha of mixup; 0 is none. The last tenth of the steps sees clips as they are."""
    background: float = 2.0
    """How often the background is shown, in times of an action."""
    abstain: float = 0.0
    """Share of rightly named actions that may be called background, so that what was never learned is; 0: none."""
    looks: int = 1
    """How often, evenly, the calibration part is asked while the network learns; the best is kept, not the last."""
    seed: int = 1
    save_every: int = 50
    """Steps between two states from which a killed training goes on."""
    threads: int = 1
    workers: int = 1
    """Threads that prepare the next batches meanwhile."""
    precision: Precision = "auto"
    """Of the optimisation; auto: bfloat16 on a GPU that has it, float32 elsewhere. Judged is in float32."""
    device: str = "auto"
    """cpu, cuda, or auto: a GPU where there is one. Only a CPU gives the same weights for the same seed to the bit."""

    @property
    def on(self) -> torch.device:
        """Where the optimisation runs."""
        has_gpu = self.device == "auto" and torch.cuda.is_available()
        return torch.device("cuda" if has_gpu or self.device == "cuda" else "cpu")

    def check(self) -> None:
        """Raises DataError where it cannot be followed on this machine."""
        if self.device == "cuda" and not torch.cuda.is_available():
            raise DataError("recipe.device: cuda, and torch finds no GPU here; take device: auto")
        if self.on.type == "cpu" and self.precision not in ("auto", "float32"):
            # Seen with torch 2.13: gradients of 3-D convolutions in bfloat16 on a CPU are whatever memory held.
            raise DataError(f"recipe.precision: {self.precision} is for GPUs; leave it out, or take float32")

    @property
    def reckoned_in(self) -> torch.dtype:
        """The numbers that matrices are multiplied in."""
        if self.precision != "auto":
            return {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}[self.precision]
        has_bfloat16 = self.on.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
        return torch.bfloat16 if has_bfloat16 else torch.float32

    @property
    def look_every(self) -> int:
        """Steps from one look at the calibration part to the next."""
        return max(1, self.steps // self.looks)

    def is_look(self, step: int) -> bool:
        """Whether the calibration part is asked after so many steps. A single look would choose nothing."""
        return self.looks > 1 and (step % self.look_every == 0 or step == self.steps)

    def is_head_only(self, step: int) -> bool:
        """Whether only what decides learns in a step."""
        return self.head_only or step < round(self.head_first * self.steps)

    def mixup_of(self, step: int) -> float:
        """Alpha in a step."""
        return self.mixup if step < 0.9 * self.steps else 0.0
