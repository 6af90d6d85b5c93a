"""Networks of clips, with pictures for them: the bundled one on the simulated cell, and large untrained ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn

from recognizers.card import checkpoint_path
from recognizers.checkpoint import load
from recognizers.data.synthetic import WorkCell
from recognizers.families import network_of
from recognizers.models.slowfast import SIZES, SlowFast
from recognizers.runtimes.fastest import trial_clips
from recognizers.transforms import MEAN, STD, normalised, square

CLASSES = 400
CROP_PX = {"small": 96}
"""Of other networks: 224."""


@dataclass(frozen=True, slots=True, repr=False)
class Subject:
    """What is measured."""

    name: str
    network: SlowFast
    clips: Tensor
    """`(N, T, 3, H, W)` uint8, in the host's memory."""
    mean: tuple[float, float, float] = MEAN
    std: tuple[float, float, float] = STD
    temperature: float = 1.0

    def many(self, count: int) -> Tensor:
        """So many clips; the same ones again where there are not enough."""
        return self.clips.repeat(-(-count // len(self.clips)), 1, 1, 1, 1)[:count]

    @torch.inference_mode()
    def scores(self, device: torch.device) -> Tensor:
        """`(N, C)` what the plain network says in float32, on the CPU; it ends up on `device`."""
        said: Tensor = self.network.cpu()(normalised(self.clips, self.mean, self.std))
        self.network.to(device)
        return self.of(said)

    def of(self, logits: Tensor) -> Tensor:
        return (logits.float().cpu() / self.temperature).softmax(dim=1)


def subject(name: str, device: torch.device) -> Subject:
    """`cell` is the bundled network; others are sizes of SlowFast with random weights."""
    return bundled(device) if name == "cell" else plausible(name, device)


def bundled(device: torch.device, clips: int = 16) -> Subject:
    """A trained network, and clips of an operator it was not trained on, 1 s apart."""
    card, tensors = load(checkpoint_path("bundled:cell"))
    cell = WorkCell(seed=77)
    starts = np.arange(clips) + 5.0
    pictures = [
        square([cell.draw(start + n * card.spec.interval_s) for n in range(card.spec.frames)], card.crop_px)
        for start in starts
    ]
    network = cast(SlowFast, network_of(card, tensors, "bundled:cell")).to(device)
    return Subject("cell", network, torch.stack(pictures), card.mean, card.std, card.temperature)


def plausible(name: str, device: torch.device, clips: int = 4) -> Subject:
    """Random weights; activations as after training with batch norms, logits of deviation 3 over the classes."""
    torch.manual_seed(0)
    network = SlowFast(SIZES[name](), CLASSES).to(device)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm3d):
            module.momentum = 1.0
            nn.init.uniform_(module.weight, 0.3, 1.0)
            nn.init.normal_(module.bias, std=0.2)
    seen = trial_clips(clips, network.size.frames, CROP_PX.get(name, 224))
    with torch.no_grad():
        network.train()(normalised(seen.to(device), MEAN, STD))
        spread = network.eval()(normalised(seen.to(device), MEAN, STD)).std(dim=1).mean()
        network.head.weight.mul_(3 / spread)
    return Subject(name, network, seen)
