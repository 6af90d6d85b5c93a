"""Checkpoints whose answer is known: SlowFast networks with weights set by hand."""

from __future__ import annotations

import math
from dataclasses import asdict, replace
from pathlib import Path

import torch

from recognizers.checkpoint import Card, save
from recognizers.clip import ClipSpec
from recognizers.models.slowfast import SlowFast, SlowFastSize

SIZE = SlowFastSize(frames=8, alpha=4, beta_inv=4, width=8, depths=(1, 1, 1, 1), fusion_kernel=5)
SPEC = ClipSpec(frames=8, interval_s=0.08, hop_s=0.4, short_side_px=32)
"""A clip of 0.56 s, two and a half times a second."""


def write_network(
    path: Path,
    spec: ClipSpec,
    weight: float,
    bias: float,
    causal: bool = False,
    size: SlowFastSize = SIZE,
    crop_px: int = 32,
) -> Path:
    """A network that knows one action, `bright`: its score is the sigmoid of `weight * brightness + bias`.

    Brightness is the mean of the two pictures of the slow pathway (the first and the fifth), in [0, 1]. One channel
    carries it through that pathway unchanged: the stem's middle tap and the projections let it pass, all else is 0.
    """
    size = replace(size, causal=causal)
    network = SlowFast(size, classes=2)
    with torch.no_grad():
        for name, values in network.named_parameters():
            if name.endswith("norm.weight"):  # of stems, laterals and projections: let pass
                values.fill_(1.0)
            else:
                values.zero_()
        network.slow_stem.conv.weight[0, :, 0, 3, 3] = 1 / 3
        for stage in network.slow_stages:
            stage[0].projection.weight[0, 0] = 1.0
        network.head.weight[1, 0] = weight
        network.head.bias[1] = bias
    card = Card(
        kind="slowfast", labels=("dark", "bright"), background="dark", spec=spec, crop_px=crop_px,
        mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0),
        network=asdict(size),
    )  # fmt: skip
    save(path, card, network.state_dict())
    return path


def always_bright(path: Path, spec: ClipSpec = SPEC) -> Path:
    """Scores 0.9 whatever it sees: an action begins with the first clip of an epoch and ends with the epoch."""
    return write_network(path, spec, weight=0.0, bias=math.log(9))


def brightness(path: Path, spec: ClipSpec = SPEC, causal: bool = False) -> Path:
    """Scores near 0 for a dark clip and near 1 for a bright one, 0.5 where one of the two pictures is bright."""
    return write_network(path, spec, weight=20.0, bias=-10.0, causal=causal)
