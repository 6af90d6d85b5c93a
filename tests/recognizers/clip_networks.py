"""Small networks of one pathway over clips, with random weights, on disk."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from torch import nn

from recognizers.card import Card
from recognizers.checkpoint import save
from recognizers.clip import ClipSpec
from recognizers.families import FAMILIES
from recognizers.models.x3d import X3dSize
from tests.recognizers.networks import LABELS, randomise


def small(kind: str) -> Any:
    size = FAMILIES[kind].named("small", {"frames": 4})
    return replace(size, depths=(1, 2, 1, 1)) if isinstance(size, X3dSize) else replace(size, width=8)


def write_clip_network(path: Path, kind: str) -> tuple[Path, nn.Module, Card]:
    network = FAMILIES[kind].network(small(kind), len(LABELS))
    network.load_state_dict(randomise(network.state_dict()))
    spec = ClipSpec(4, interval_s=0.08, hop_s=0.16, short_side_px=32)
    card = Card(
        kind, LABELS, "idle", spec, 32, (0.45, 0.4, 0.35), (0.2, 0.25, 0.3), asdict(small(kind)), temperature=8.0
    )
    save(path, card, network.state_dict())
    return path, network.eval(), card
