"""`slow_only`, `c2d`, `i3d`, `x3d`: parameters and costs are the published ones, and whatever runs them says the same.

Published GMAC count five operations for each number that a batch norm gives, beside multiplications; those of X3D at
the sides that it is trained at do not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from recognizers.build import build_recognizer
from recognizers.families import FAMILIES
from recognizers.models.clip_resnet import C2D, I3D, SLOW_ONLY, slow_only_small
from recognizers.models.x3d import SIZES, x3d_small
from tests.recognizers.clip_networks import write_clip_network
from tests.recognizers.pictures import clips, follow, pictures, plain_scores

KINDS = ("slow_only", "c2d", "i3d", "x3d")


def on_paper(kind: str, size: Any) -> nn.Module:
    with torch.device("meta"):
        return FAMILIES[kind].network(size, 400).eval()


def counted(network: nn.Module, frames: int, side: int) -> tuple[float, float]:
    """GMAC of a clip, and billions of numbers that its batch norms give."""
    given: list[int] = []
    for module in network.modules():
        if isinstance(module, nn.BatchNorm3d):
            module.register_forward_hook(lambda _, __, output: given.append(output.numel()))
    with torch.device("meta"), FlopCounterMode(display=False) as counter:
        network(torch.empty(1, 3, frames, side, side))
    return counter.get_total_flops() / 2e9, sum(given) / 1e9


@pytest.mark.parametrize(
    ("kind", "size", "side", "millions", "gmac", "norms"),
    [
        ("slow_only", SLOW_ONLY["r50_4x16"], 256, 32.45, 27.55, 5),
        ("slow_only", SLOW_ONLY["r50_8x8"], 256, 32.45, 54.52, 0),
        ("c2d", C2D["r50_8x8"], 256, 24.33, 25.89, 5),
        ("i3d", I3D["r50_8x8"], 256, 28.04, 37.53, 5),
        ("x3d", SIZES["xs"], 160, 3.79, 0.60, 0),
        ("x3d", SIZES["s"], 160, 3.79, 1.96, 0),
        ("x3d", SIZES["m"], 224, 3.79, 4.73, 0),
        ("x3d", SIZES["xs"], 182, 3.79, 0.91, 5),
        ("x3d", SIZES["s"], 182, 3.79, 2.96, 5),
        ("x3d", SIZES["m"], 256, 3.79, 6.72, 5),
    ],
)
def test_parameters_and_cost_are_the_published_ones(
    kind: str, size: Callable[[], Any], side: int, millions: float, gmac: float, norms: int
) -> None:
    network = on_paper(kind, size())
    multiplied, normed = counted(network, size().frames, side)
    assert sum(one.numel() for one in network.parameters()) / 1e6 == pytest.approx(millions, abs=0.005)
    assert multiplied + norms * normed == pytest.approx(gmac, abs=0.01)


def test_temporal_kernels_are_where_the_reference_has_them() -> None:
    def kernels(size: Any) -> list[list[int]]:
        network = on_paper("i3d", size)
        return [[block.conv_a.kernel_size[0] for block in stage] for stage in network.stages]

    assert kernels(I3D["r50_8x8"]()) == [[3, 3, 3], [3, 1, 3, 1], [3, 1, 3, 1, 3, 1], [1, 3, 1]]
    assert kernels(SLOW_ONLY["r50_8x8"]()) == [[1] * 3, [1] * 4, [3] * 6, [3] * 3]
    assert {kernel for stage in kernels(C2D["r50_8x8"]()) for kernel in stage} == {1}


def test_every_second_block_of_x3d_weighs_its_channels() -> None:
    network = on_paper("x3d", SIZES["s"]())
    excited = [[not isinstance(block.excitation, nn.Identity) for block in stage] for stage in network.stages]
    assert excited == [[place % 2 == 0 for place in range(depth)] for depth in (3, 5, 11, 7)]
    squeezed = [stage[0].excitation.squeeze.out_channels for stage in network.stages]
    assert squeezed == [8, 8, 16, 32]


@pytest.mark.parametrize(
    ("size", "numbers"),
    [
        (slow_only_small, {"depths": (1, 1)}),
        (slow_only_small, {"frames": 0}),
        (slow_only_small, {"kernels": (1, 2, 3, 3)}),
        (slow_only_small, {"frames": 7, "joined": True}),
        (x3d_small, {"depths": (1, 1)}),
        (x3d_small, {"widening": 0.5}),
    ],
)
def test_numbers_that_make_no_network_are_refused(size: Callable[[], Any], numbers: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(numbers))):
        replace(size(), **numbers)


@pytest.mark.parametrize("runtime", ["torch", "openvino", "auto"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_clip_is_scored_as_by_the_plain_network_whatever_runs_it(kind: str, runtime: str, tmp_path: Path) -> None:
    path, network, card = write_clip_network(tmp_path / "random.safetensors", kind)
    recognizer = build_recognizer(kind, path, {"runtime": runtime})
    film = pictures(8)

    said, _ = follow(recognizer, clips(film, recognizer.spec))

    for n, prediction in enumerate(said):
        shown = film[2 * n : 2 * n + 4]
        np.testing.assert_allclose(prediction.scores, plain_scores(network, card, shown), atol=1e-4)
    assert len({tuple(prediction.scores.round(4)) for prediction in said}) == len(said)
