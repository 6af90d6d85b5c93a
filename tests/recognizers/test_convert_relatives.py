"""Official checkpoints of SlowFast's relatives: every tensor at its place, by the names that the reference writes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from recognizers.card import read_card
from recognizers.checkpoint import load
from recognizers.convert import OFFICIAL, About, convert, from_official
from recognizers.errors import CheckpointMismatch
from recognizers.families import network_of
from recognizers.layouts import WEIGHT_LAYOUTS, layouts_of, renamed
from streamer.cli import main
from tests.recognizers.clip_networks import small
from tests.recognizers.networks import LABELS, randomise

KINDS = ("slow_only", "c2d", "i3d", "x3d")
SOME = {
    "slow_only": ("blocks.0.conv.weight", "blocks.2.res_blocks.0.branch2.conv_a.weight", "blocks.5.proj.bias"),
    "c2d": ("blocks.0.norm.running_var", "blocks.3.res_blocks.0.branch1_norm.weight", "blocks.6.proj.bias"),
    "i3d": ("blocks.1.res_blocks.0.branch1_conv.weight", "blocks.5.res_blocks.0.branch2.norm_c.bias"),
    "x3d": (
        "blocks.0.conv.conv_t.weight",
        "blocks.0.conv.conv_xy.weight",
        "blocks.1.res_blocks.0.branch2.norm_b.1.block.2.bias",
        "blocks.2.res_blocks.1.branch2.norm_b.0.weight",
        "blocks.5.pool.pre_norm.running_mean",
        "blocks.5.pool.post_conv.weight",
    ),
}
"""Names as PyTorchVideo has them."""


def network(kind: str, seed: int = 0) -> nn.Module:
    made = OFFICIAL[kind].network(small(kind), len(LABELS))
    made.load_state_dict(randomise(made.state_dict(), seed))
    return made.eval()


def official(kind: str, layout: str = "pytorchvideo") -> dict[str, Tensor]:
    state = network(kind).state_dict()
    names = renamed(state, OFFICIAL[kind].layers(small(kind)), layout)
    return {names[key]: tensor for key, tensor in state.items() if key in names}


@pytest.mark.parametrize("kind", KINDS)
def test_layers_have_the_names_that_the_reference_gives_them(kind: str) -> None:
    assert set(SOME[kind]) <= official(kind).keys()
    assert len(official(kind)) == len(network(kind).state_dict())


@pytest.mark.parametrize(
    ("kind", "layout"),
    [(kind, layout) for kind in KINDS[:3] for layout in ("pyslowfast", "pytorchvideo", "caffe2")]
    + [("x3d", "pytorchvideo")],
)
def test_weights_come_to_their_places(kind: str, layout: str) -> None:
    ours = from_official(official(kind, layout), small(kind), len(LABELS), "official", kind)
    for name, tensor in network(kind).state_dict().items():
        if not (layout == "caffe2" and name.endswith("num_batches_tracked")):
            assert torch.equal(ours[name], tensor)


@pytest.mark.parametrize("kind", KINDS)
def test_a_converted_network_answers_as_the_one_it_was(kind: str, tmp_path: Path) -> None:
    torch.save({"model_state": official(kind)}, tmp_path / "official.pyth")
    about = About(LABELS, "idle", kind=kind, interval_s=0.2, crop_px=32)
    convert(tmp_path / "official.pyth", tmp_path / "ours.safetensors", small(kind), about)
    shown = torch.randn(1, 3, small(kind).frames, 32, 32)

    with torch.no_grad():
        answer = network_of(*load(tmp_path / "ours.safetensors"), "ours")(shown)
        wanted = network(kind)(shown)

    torch.testing.assert_close(answer, wanted)
    card = read_card(tmp_path / "ours.safetensors")
    assert (card.kind, card.spec.interval_s, card.crop_px) == (kind, 0.2, 32)


def test_blue_first_becomes_red_first(tmp_path: Path) -> None:
    torch.save(official("x3d"), tmp_path / "official.pyth")
    about = About(LABELS, "idle", kind="x3d", bgr=True)
    convert(tmp_path / "official.pyth", tmp_path / "ours.safetensors", small("x3d"), about)
    _, tensors = load(tmp_path / "ours.safetensors")
    assert torch.equal(tensors["stem_space.weight"], network("x3d").state_dict()["stem_space.weight"].flip(1))


def test_the_weights_of_another_network_are_told() -> None:
    with pytest.raises(CheckpointMismatch, match=r"missing blocks\.6\.proj\.weight"):
        from_official(official("slow_only"), small("c2d"), len(LABELS), "official", "c2d")


@pytest.mark.parametrize("kind", OFFICIAL)
def test_names_are_one_to_one_in_every_layout_that_has_such_networks(kind: str) -> None:
    for make, _, _ in OFFICIAL[kind].sizes.values():
        size = make()
        with torch.device("meta"):
            state = OFFICIAL[kind].network(size, 400).state_dict()
        layers = tuple(OFFICIAL[kind].layers(size))
        for layout in layouts_of(layers):
            names = renamed(state, layers, layout)
            assert len(set(names.values())) == len(names)
    assert layouts_of(layers) == (("pytorchvideo",) if kind == "x3d" else WEIGHT_LAYOUTS)


def test_a_handful_of_keys_is_no_x3d() -> None:
    handful = {f".{name}": torch.zeros(1) for name in ("weight", "bias", "running_mean", "running_var")}
    with pytest.raises(CheckpointMismatch, match=r"missing blocks\.0\.conv\.conv_t\.weight"):
        from_official(handful, small("x3d"), len(LABELS), "official", "x3d")


def test_an_x3d_of_pyslowfast_is_told_as_what_it_is() -> None:
    theirs = {"s1.pathway0_stem.conv_xy.weight": torch.zeros(24, 3, 1, 3, 3)}
    with pytest.raises(CheckpointMismatch, match="PySlowFast's x3d is another network; take PyTorchVideo's"):
        from_official(theirs, small("x3d"), len(LABELS), "official", "x3d")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["--kind", "x4d", "--size", "s"], "--kind x4d: no such kind; there are slowfast, slow_only, c2d, i3d, x3d"),
        (["--kind", "x3d", "--size", "r50_8x8"], "--size r50_8x8: no such network; there are xs, s, m"),
        (["--kind", "x3d", "--size", "s", "--actors"], "--actors: only a slowfast says what each person does"),
    ],
)
def test_what_there_is_not_is_told(
    given: list[str], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "labels.txt").write_text("idle\npick\n")
    command: list[Any] = ["models", "convert", str(tmp_path / "a.pyth"), str(tmp_path / "b.safetensors"), *given]
    assert main([*command, "--labels", str(tmp_path / "labels.txt"), "--background", "idle"]) != 0
    assert told in " ".join(capsys.readouterr().err.split())
