"""2-D convolutions that do what 3-D ones do."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from recognizers.nn.resnet3d import CausalConv3d, StemConv
from recognizers.runtimes.flat import SpaceConv, StackedConv, TimeConv, flat

FLAT = {
    "pictures": (nn.Conv3d(6, 4, (1, 3, 3), (1, 2, 2), (0, 1, 1)), SpaceConv),
    "pictures, depthwise": (nn.Conv3d(6, 6, (1, 3, 3), 1, (0, 1, 1), groups=6, bias=False), SpaceConv),
    "points": (nn.Conv3d(6, 4, 1), SpaceConv),
    "slow stem": (StemConv(4, 1, 3, causal=False), SpaceConv),
    "lateral": (nn.Conv3d(6, 6, (5, 1, 1), (4, 1, 1), (2, 0, 0)), TimeConv),
    "causal lateral": (CausalConv3d(6, 6, (5, 1, 1), (4, 1, 1)), TimeConv),
    "unpadded": (nn.Conv3d(6, 6, (3, 1, 1)), TimeConv),
    "time, depthwise": (nn.Conv3d(6, 6, (5, 1, 1), 1, (2, 0, 0), groups=6), TimeConv),
    "causal": (CausalConv3d(6, 6, (3, 1, 1), bias=False), TimeConv),
    "stem": (StemConv(4, 5, 3, causal=False), StackedConv),
    "causal stem": (StemConv(4, 5, 3, causal=True), StackedConv),
    "grey stem": (StemConv(4, 5, 1, causal=False), StackedConv),
    "unpadded in time": (nn.Conv3d(3, 4, (3, 3, 3), 1, (0, 1, 1)), StackedConv),
}
OTHERS = {
    "3x3x3": nn.Conv3d(6, 6, 3, 1, 1, groups=6),
    "a step between pictures": nn.Conv3d(6, 6, (1, 3, 3), (2, 1, 1)),
    "a step between pixels": nn.Conv3d(6, 6, (3, 1, 1), (1, 2, 2)),
    "pictures of zeros": nn.Conv3d(6, 6, (1, 3, 3), padding=(1, 0, 0)),
    "dilated": nn.Conv3d(6, 6, (1, 3, 3), dilation=2),
    "padding by name": nn.Conv3d(6, 6, (1, 3, 3), padding="same"),
    "no zeros": nn.Conv3d(6, 6, (1, 3, 3), padding=(0, 1, 1), padding_mode="circular"),
    "few channels, a step in time": nn.Conv3d(3, 6, 3, 2, 1),
}


@pytest.mark.parametrize("shape", [(2, 8, 9, 10), (1, 4, 7, 7)], ids=str)
@pytest.mark.parametrize("last", [True, False], ids=["channels last", "channels first"])
@pytest.mark.parametrize(("conv", "kind"), FLAT.values(), ids=FLAT)
@torch.inference_mode()
def test_a_flat_convolution_does_what_the_3d_one_does(
    conv: nn.Conv3d, kind: type[nn.Module], last: bool, shape: tuple[int, ...]
) -> None:
    x = torch.randn(shape[0], conv.in_channels, *shape[1:])
    if last:
        x = x.contiguous(memory_format=torch.channels_last_3d)
    (made,) = flat(nn.Sequential(conv)).children()
    assert type(made) is kind
    torch.testing.assert_close(made(x), conv(x), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("conv", OTHERS.values(), ids=OTHERS)
def test_convolutions_of_another_shape_stay_as_they_are(conv: nn.Conv3d) -> None:
    (made,) = flat(nn.Sequential(conv)).children()
    assert type(made) is nn.Conv3d
    assert made is not conv
