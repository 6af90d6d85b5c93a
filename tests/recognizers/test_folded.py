"""The CPU's way through the network gives the network's own answers."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from recognizers.models.slowfast import SlowFastSize, slowfast_small
from recognizers.runtimes.folded import FoldedSlowFast
from recognizers.transforms import normalised
from tests.recognizers.networks import TINY, random_slowfast

MEAN, STD = (0.45, 0.4, 0.35), (0.225, 0.25, 0.275)
SIZES = {
    "tiny": TINY,
    "small": slowfast_small(),
    "deep": SlowFastSize(frames=4, alpha=2, beta_inv=8, width=8, depths=(2, 1, 3, 1), fusion_kernel=7),
    "every picture slow": SlowFastSize(frames=3, alpha=1, beta_inv=2, width=4, depths=(1, 1, 1, 1), fusion_kernel=1),
    "wide kernels": SlowFastSize(
        frames=8,
        alpha=8,
        beta_inv=2,
        width=4,
        depths=(1, 1, 1, 1),
        slow_kernels=(3, 1, 5, 3),
        fast_kernels=(1, 3, 5, 7),
    ),
    "stems the other way": SlowFastSize(
        frames=4, alpha=2, beta_inv=1, width=4, depths=(1, 1, 1, 1), slow_stem_kernel=3, fast_stem_kernel=1
    ),
    "causal": replace(TINY, causal=True),
    "grey": replace(TINY, fast_colours=1),
    "causal and grey": replace(slowfast_small(), causal=True, fast_colours=1),
}


@pytest.mark.parametrize("clips", [1, 3])
@pytest.mark.parametrize("side", [1, 33, 64])
@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
def test_it_answers_as_the_network_does(size: SlowFastSize, side: int, clips: int) -> None:
    network = random_slowfast(size)
    generator = torch.Generator().manual_seed(side)
    pictures = torch.randint(0, 256, (clips, size.frames, 3, side, side), dtype=torch.uint8, generator=generator)

    with torch.inference_mode():
        wanted = network(normalised(pictures, MEAN, STD))
        given = FoldedSlowFast(network, MEAN, STD)(pictures)

    assert wanted.std() > 0.05
    torch.testing.assert_close(given, wanted, atol=1e-4, rtol=1e-4)


def test_beyond_224_pixels_it_averages_the_same_windows() -> None:
    network = random_slowfast(SIZES["deep"])
    pictures = torch.randint(0, 256, (1, 4, 3, 257, 257), dtype=torch.uint8)

    with torch.inference_mode():
        wanted = network(normalised(pictures, MEAN, STD))
        torch.testing.assert_close(FoldedSlowFast(network, MEAN, STD)(pictures), wanted, atol=1e-4, rtol=1e-4)


def test_pictures_are_only_read() -> None:
    pictures = torch.randint(0, 256, (1, TINY.frames, 3, 32, 32), dtype=torch.uint8)
    before = pictures.clone()

    with torch.inference_mode():
        FoldedSlowFast(random_slowfast(), MEAN, STD)(pictures)

    assert torch.equal(pictures, before)
