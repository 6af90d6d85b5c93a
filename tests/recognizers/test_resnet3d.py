"""Laws of the parts of 3-D networks."""

import pytest
import torch
from torch.nn import functional as F

from recognizers.nn.resnet3d import Block, Lateral, Stem, conv, stem_conv


@pytest.mark.parametrize("taps", [1, 3, 5])
@pytest.mark.parametrize("frames", [1, 2, 3, 8])
@pytest.mark.parametrize("side", [32, 33])
def test_the_stem_convolution_is_torchs_own(taps: int, frames: int, side: int) -> None:
    clips, weight = torch.randn(2, 3, frames, side, side), torch.randn(4, 3, taps, 7, 7, requires_grad=True)
    ours, theirs = stem_conv(clips, weight, taps // 2), F.conv3d(clips, weight, None, (1, 2, 2), (taps // 2, 3, 3))
    assert torch.allclose(ours, theirs, atol=1e-3)
    (by_ours,) = torch.autograd.grad(ours.square().mean(), weight)
    (by_theirs,) = torch.autograd.grad(theirs.square().mean(), weight)
    assert torch.allclose(by_ours, by_theirs, rtol=1e-3, atol=1e-3)


CAUSAL = {
    "stem": (Stem(4, 5, causal=True), 3),
    "lateral": (Lateral(4, 8, 5, alpha=2, causal=True), 4),
    "block": (Block(4, 4, 3, 1, causal=True), 4),
}


@pytest.mark.parametrize(("part", "channels"), CAUSAL.values(), ids=CAUSAL)
@pytest.mark.parametrize("moment", [1, 4, 6])
def test_what_is_causal_sees_no_later_picture_and_sees_earlier_ones(
    part: torch.nn.Module, channels: int, moment: int
) -> None:
    shown = torch.randn(1, channels, 8, 16, 16)
    changed = shown.clone()
    changed[:, :, moment] += 1
    with torch.inference_mode():
        apart = (part.eval()(shown) - part(changed)).abs().amax(dim=(0, 1, 3, 4))
    step = 8 // len(apart)
    assert next(number for number, far in enumerate(apart) if far > 0) == -(-moment // step)


@pytest.mark.parametrize("moment", [0, 3, 7])
def test_a_centred_convolution_sees_as_much_of_what_comes_as_of_what_was(moment: int) -> None:
    shown = torch.zeros(1, 1, 8, 1, 1)
    shown[:, :, moment] = 1
    centred = conv(1, 1, (3, 1, 1))
    torch.nn.init.ones_(centred.weight)
    with torch.inference_mode():
        answered = centred(shown).flatten().nonzero().flatten().tolist()
    assert answered == [place for place in (moment - 1, moment, moment + 1) if 0 <= place < 8]
