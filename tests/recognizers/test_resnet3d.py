"""Laws of the parts of 3-D networks."""

import pytest
import torch
from torch.nn import functional as F

from recognizers.nn.resnet3d import stem_conv


@pytest.mark.parametrize("taps", [1, 3, 5])
@pytest.mark.parametrize("frames", [1, 2, 3, 8])
@pytest.mark.parametrize("side", [32, 33])
def test_the_stem_convolution_is_torchs_own(taps: int, frames: int, side: int) -> None:
    clips, weight = torch.randn(2, 3, frames, side, side), torch.randn(4, 3, taps, 7, 7, requires_grad=True)
    ours, theirs = stem_conv(clips, weight), F.conv3d(clips, weight, None, (1, 2, 2), (taps // 2, 3, 3))
    assert torch.allclose(ours, theirs, atol=1e-3)
    (by_ours,) = torch.autograd.grad(ours.square().mean(), weight)
    (by_theirs,) = torch.autograd.grad(theirs.square().mean(), weight)
    assert torch.allclose(by_ours, by_theirs, rtol=1e-3, atol=1e-3)
