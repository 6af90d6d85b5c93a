"""Tiny video classifiers as `transformers` saves them, with random weights; nothing is fetched."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import transformers

LABELS = ("idle", "pick", "place")
SIDE_PX = 32
_SMALL = {
    "num_hidden_layers": 2, "num_attention_heads": 2, "hidden_size": 16, "intermediate_size": 32,
    "image_size": SIDE_PX, "patch_size": 16, "id2label": dict(enumerate(LABELS)),
}  # fmt: skip


def videomae() -> Any:
    return transformers.VideoMAEForVideoClassification(transformers.VideoMAEConfig(**_SMALL, num_frames=4))


def timesformer() -> Any:
    return transformers.TimesformerForVideoClassification(transformers.TimesformerConfig(**_SMALL, num_frames=4))


def vivit() -> Any:
    config = transformers.VivitConfig(**_SMALL, num_frames=4, tubelet_size=[2, 16, 16])
    return transformers.VivitForVideoClassification(config)


def vjepa2() -> Any:
    small = {**_SMALL, "crop_size": SIDE_PX}
    small.pop("image_size")
    config = transformers.VJEPA2Config(
        **small, frames_per_clip=4, mlp_ratio=2, num_pooler_layers=1, pred_hidden_size=16, pred_num_attention_heads=2,
        pred_num_hidden_layers=1,
    )  # fmt: skip
    return transformers.VJEPA2ForVideoClassification(config)


MODELS: dict[str, Callable[[], Any]] = {
    "videomae": videomae, "timesformer": timesformer, "vivit": vivit, "vjepa2": vjepa2,
}  # fmt: skip
PREPROCESSOR = {
    "size": {"shortest_edge": SIDE_PX}, "crop_size": {"height": SIDE_PX, "width": SIDE_PX},
    "image_mean": [0.45, 0.4, 0.35], "image_std": [0.225, 0.25, 0.275],
}  # fmt: skip


def model(kind: str) -> Any:
    """Whose every number counts: heads and norms as well."""
    torch.manual_seed(0)
    made = MODELS[kind]().eval()
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)
    return made


def write_video(folder: Path, kind: str = "videomae", preprocessor: dict[str, Any] | None = None) -> Path:
    """A folder of a model."""
    model(kind).save_pretrained(folder)
    (folder / "preprocessor_config.json").write_text(json.dumps(preprocessor or PREPROCESSOR))
    return folder
