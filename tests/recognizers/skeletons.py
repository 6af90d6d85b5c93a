"""Small SAN networks whose every number counts, and files of skeletons."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch

from recognizers.checkpoint import Card, save
from recognizers.clip import ClipSpec
from recognizers.models.san import San, SanSize
from recognizers.nn.skeletons import LAYOUTS
from tests.recognizers.networks import randomise

LABELS = ("nothing", "sit", "stand")


def tiny(**numbers: object) -> SanSize:
    return SanSize(**{"frames": 8, "width": 8, "heads": 2, "depth": 1, "inner": 12, "dropout": 0.0, **numbers})  # type: ignore[arg-type]


def random_san(size: SanSize, classes: int = len(LABELS)) -> San:
    network = San(size, classes)
    network.load_state_dict(randomise(network.state_dict()))
    return network.eval().requires_grad_(False)


def write_random_san(path: Path, size: SanSize | None = None) -> Path:
    size = size or tiny()
    card = Card(
        kind="san", labels=LABELS, background="nothing", spec=ClipSpec(size.frames, 0.08, 0.5, short_side_px=64),
        crop_px=64, mean=(0.45, 0.45, 0.45), std=(0.225, 0.225, 0.225), network=asdict(size), temperature=2.0,
    )  # fmt: skip
    save(path, card, random_san(size).state_dict())
    return path


def write_somebody(path: Path, spec: ClipSpec, layout: str = "coco17") -> Path:
    """A network whose answer is known: `somebody` at 0.98 where there is anybody, else `nobody` at 0.98.

    What the attention says of a person is made 1 throughout, by weights set by hand.
    """
    size = tiny(frames=spec.frames, persons=1, layout=layout)
    network = San(size, 2)
    with torch.no_grad():
        for stream in network.streams:
            stream.norm.weight.zero_()  # type: ignore[union-attr,operator]
            stream.norm.bias.fill_(1)  # type: ignore[union-attr,operator]
        network.head.weight.zero_()
        network.head.weight[1] = 8 / network.head.in_features
        network.head.bias[0] = 4
    card = Card(
        kind="san", labels=("nobody", "somebody"), background="nobody", spec=spec, crop_px=spec.short_side_px,
        mean=(0.45, 0.45, 0.45), std=(0.225, 0.225, 0.225), network=asdict(size),
    )  # fmt: skip
    save(path, card, network.state_dict())
    return path


def people(size: SanSize, clips: int = 3, seed: int = 0) -> torch.Tensor:
    """`(N, C, T, J, M)`: as many as fit, all joints seen."""
    shape = (clips, size.coordinates + 1, size.frames, len(LAYOUTS[size.layout].joints), size.persons)
    skeletons = torch.randn(shape, generator=torch.Generator().manual_seed(seed))
    skeletons[:, -1] = 1
    return skeletons


def write_skeletons(path: Path, *, subjects: tuple[int, ...] = (1, 2, 3), repeats: int = 2, joints: int = 20) -> Path:
    """Kinect skeletons of each subject sitting down and standing up, which is the same backwards."""
    rng = np.random.default_rng(5)
    frames, labels, people = [], [], []
    body = rng.normal(0, 1, (joints, 3))
    for label in (0, 1):
        for subject in subjects:
            for _ in range(repeats):
                length = int(rng.integers(9, 14))
                height = np.linspace(1, 0, length) if label == 0 else np.linspace(0, 1, length)
                moving = np.zeros((length, joints, 3))
                moving[:, ::2, 1] = height[:, None]
                frames.append(body + moving + rng.normal(0, 0.01, moving.shape) + [0, 0, 3 + subject])
                labels.append(label)
                people.append(subject)
    np.savez(
        path, frames=np.concatenate(frames).astype(np.float32), lengths=[len(one) for one in frames],
        labels=labels, subjects=people, names=["sit", "stand"], note="made up",
    )  # fmt: skip
    return path
