"""The numbers of an optimisation."""

from __future__ import annotations

from dataclasses import dataclass

import torch


@dataclass(frozen=True, slots=True)
class Recipe:
    """The numbers of an optimisation."""

    steps: int
    batch: int = 32
    rate: float = 2e-3
    """Highest learning rate (AdamW); rises over the first twentieth of the steps and falls as a cosine."""
    weight_decay: float = 0.05
    smoothing: float = 0.05
    """Label smoothing."""
    average: float = 0.995
    """Decay of the moving average of the weights, which is what is kept."""
    flip: bool = False
    """Mirror half of the clips; only where no action is handed or has a direction."""
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
    """Alpha of mixup; 0 is none."""
    background: float = 2.0
    """How often the background is shown, in times of an action."""
    abstain: float = 0.0
    """Share of rightly named actions that may be called background, so that what was never learned is; 0: none."""
    seed: int = 1
    save_every: int = 50
    """Steps between two states from which a killed training goes on."""
    threads: int = 1
    device: str = "auto"
    """cpu, cuda, or auto: a GPU where there is one. Only a CPU gives the same weights for the same seed to the bit."""

    @property
    def on(self) -> torch.device:
        """Where the optimisation runs."""
        has_gpu = self.device == "auto" and torch.cuda.is_available()
        return torch.device("cuda" if has_gpu or self.device == "cuda" else "cpu")
