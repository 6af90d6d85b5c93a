"""SlowFast is the paper's: its numbers and its shapes. Another writing of it is compared in test_convert.py."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from recognizers.models.slowfast import (
    SlowFast,
    SlowFastSize,
    slowfast_r50_4x16,
    slowfast_r50_8x8,
    slowfast_r101_8x8,
    slowfast_small,
)
from recognizers.nn.resnet3d import Block
from tests.recognizers.networks import TINY, random_slowfast


def on_paper(size: SlowFastSize, classes: int = 400) -> SlowFast:
    """Shapes without memory."""
    with torch.device("meta"):
        return SlowFast(size, classes).eval()


def clips(frames: int, side: int) -> Tensor:
    return torch.empty(1, 3, frames, side, side, device="meta")


def multiply_adds(network: SlowFast, side: int) -> int:
    """Of convolutions and linear layers, for one clip."""
    counts: Counter[str] = Counter()

    def count(layer: nn.Module, _: object, output: Tensor) -> None:
        counts["macs"] += output.numel() * layer.weight[0].numel()

    for layer in network.modules():
        if isinstance(layer, nn.Conv3d | nn.Linear):
            layer.register_forward_hook(count)
    network(clips(network.size.frames, side))
    return counts["macs"]


@pytest.mark.parametrize(
    ("size", "millions", "gmac"),
    [
        (slowfast_r50_4x16, 34.480, 36.10),
        (slowfast_r50_8x8, 34.566, 65.71),
        (slowfast_r101_8x8, 62.827, 125.91),
    ],
)
def test_parameters_and_multiply_adds_are_the_published_ones(
    size: Callable[[], SlowFastSize], millions: float, gmac: float
) -> None:
    network = on_paper(size())

    assert sum(one.numel() for one in network.parameters()) / 1e6 == pytest.approx(millions, abs=5e-4)
    assert multiply_adds(network, 256) / 1e9 == pytest.approx(gmac, abs=5e-3)


def test_a_state_has_the_reference_checkpoints_662_entries() -> None:
    state = on_paper(slowfast_r50_8x8()).state_dict()

    assert len(state) == 662
    assert sum(tensor.numel() for tensor in state.values()) == 34_627_286


@pytest.mark.parametrize(("size", "slow_frames"), [(slowfast_r50_8x8, 8), (slowfast_r50_4x16, 4)])
def test_each_stage_gives_what_the_papers_table_says(size: Callable[[], SlowFastSize], slow_frames: int) -> None:
    network = on_paper(size())
    given = []
    parts = [network.slow_stem, network.fast_stem, *network.laterals, *network.slow_stages, *network.fast_stages]
    for part in parts:
        part.register_forward_hook(lambda _, __, output: given.append(tuple(output.shape[1:4])))
    network(clips(32, 224))

    slow = [
        (channels, slow_frames, side) for channels, side in zip((256, 512, 1024, 2048), (56, 28, 14, 7), strict=True)
    ]
    fast = [(channels, 32, side) for channels, side in zip((32, 64, 128, 256), (56, 28, 14, 7), strict=True)]
    lateral = [
        (channels, slow_frames, side) for channels, side in zip((16, 64, 128, 256), (56, 56, 28, 14), strict=True)
    ]
    assert given[:2] == [(64, slow_frames, 56), (8, 32, 56)]
    assert [given[2 + 3 * stage : 5 + 3 * stage] for stage in range(4)] == [
        list(stage) for stage in zip(lateral, slow, fast, strict=True)
    ]


def test_the_slow_pathway_is_widened_by_what_comes_across() -> None:
    network = on_paper(slowfast_r50_8x8())

    assert [stage[0].conv_a.in_channels for stage in network.slow_stages] == [80, 320, 640, 1280]
    assert [stage[0].conv_a.in_channels for stage in network.fast_stages] == [8, 32, 64, 128]
    assert network.head.in_features == 2304


def test_temporal_kernels_are_where_the_paper_has_them_and_time_is_never_strided() -> None:
    network = on_paper(slowfast_r50_4x16())

    assert [stage[-1].conv_a.kernel_size[0] for stage in network.slow_stages] == [1, 1, 3, 3]
    assert [stage[-1].conv_a.kernel_size[0] for stage in network.fast_stages] == [3, 3, 3, 3]
    assert (network.slow_stem.conv.kernel_size[0], network.fast_stem.conv.kernel_size[0]) == (1, 5)
    assert [lateral.conv.kernel_size for lateral in network.laterals] == [(5, 1, 1)] * 4
    strided = {name for name, one in network.named_modules() if isinstance(one, nn.Conv3d) and one.stride[0] != 1}
    assert strided == {f"laterals.{stage}.conv" for stage in range(4)}


@pytest.mark.parametrize(
    "numbers",
    [
        {"frames": 10},
        {"beta_inv": 5},
        {"alpha": 0},
        {"fusion_kernel": 4},
        {"depths": (1, 1)},
        {"fast_colours": 2},
        {"fast_kernels": (3, 2, 3, 3)},
    ],
    ids=str,
)
def test_numbers_that_make_no_network_are_refused(numbers: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(numbers))):
        replace(slowfast_small(), **numbers)


def test_the_slow_pathway_sees_every_alpha_th_picture_evenly() -> None:
    network = random_slowfast()
    seen = []
    network.slow_stem.register_forward_hook(lambda _, given, __: seen.append(given[0]))
    shown = torch.randn(1, 3, 8, 32, 32)
    network(shown)

    assert torch.equal(seen[0], shown[:, :, [0, 4]])


def test_a_new_network_begins_as_its_shortcuts_and_a_head_of_small_weights() -> None:
    network = SlowFast(slowfast_small(), classes=4)
    blocks = [one for one in network.modules() if isinstance(one, Block)]

    assert len(blocks) == 8
    assert all(not block.norm_c.weight.any() for block in blocks)
    assert network.head.weight.std().item() == pytest.approx(0.01, rel=0.2)
    assert not network.head.bias.any()
    assert network.dropout.p == 0.5
    assert {(one.eps, one.momentum) for one in network.modules() if isinstance(one, nn.BatchNorm3d)} == {(1e-5, 0.1)}


def test_a_causal_networks_first_answers_do_not_change_with_what_comes() -> None:
    """Of the maps before they are averaged over time."""
    network = random_slowfast(replace(TINY, causal=True))
    given: list[Tensor] = []
    for stage in (network.slow_stages[-1], network.fast_stages[-1]):
        stage.register_forward_hook(lambda _, __, output: given.append(output))
    shown = torch.randn(1, 3, TINY.frames, 32, 32)
    changed = torch.cat((shown[:, :, :5], torch.randn(1, 3, TINY.frames - 5, 32, 32)), dim=2)
    network(shown)
    network(changed)

    slow, fast, slow_changed, fast_changed = given
    assert torch.allclose(slow[:, :, :2], slow_changed[:, :, :2], atol=1e-5)
    assert torch.allclose(fast[:, :, :5], fast_changed[:, :, :5], atol=1e-5)
    assert not torch.allclose(fast[:, :, 5], fast_changed[:, :, 5], atol=1e-2)


def test_a_grey_fast_pathway_sees_no_colour() -> None:
    network = random_slowfast(replace(TINY, fast_colours=1))
    seen = []
    network.fast_stem.register_forward_hook(lambda _, given, __: seen.append(given[0]))
    shown = torch.randn(1, 3, TINY.frames, 32, 32)
    network(shown)

    assert torch.allclose(seen[0], shown.mean(dim=1, keepdim=True))
