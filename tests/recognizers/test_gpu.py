"""The GPU's way through a network gives the network's own answers. What needs no GPU of it is tested without one."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from recognizers.models.slowfast import SlowFastSize, slowfast_small
from recognizers.runtimes.gpu import (
    BATCHES,
    TOLERANCE,
    Batches,
    FlatConv,
    GpuNetwork,
    Look,
    Ready,
    StackedConv,
    Way,
    on_gpu,
)
from recognizers.transforms import normalised
from tests.recognizers.networks import TINY, random_slowfast

MEAN, STD = (0.45, 0.4, 0.35), (0.225, 0.25, 0.275)
DEEP = SlowFastSize(frames=4, alpha=2, beta_inv=8, width=8, depths=(2, 1, 3, 1), fusion_kernel=7)
SIZES = {"tiny": TINY, "small": slowfast_small(), "deep": DEEP}
WAYS = [Way(), Way(flat=False), Way(flat=False, channels_last=False)]
needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device on this machine")


def pictures(size: SlowFastSize, clips: int = 2, side: int = 33) -> Tensor:
    generator = torch.Generator().manual_seed(side)
    return torch.randint(0, 256, (clips, size.frames, 3, side, side), dtype=torch.uint8, generator=generator)


@pytest.mark.parametrize("way", WAYS, ids=str)
@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
@torch.inference_mode()
def test_it_answers_as_the_network_does(size: SlowFastSize, way: Way) -> None:
    network, clips = random_slowfast(size), pictures(size)
    wanted = network(normalised(clips, MEAN, STD))
    assert wanted.std() > 0.05
    torch.testing.assert_close(GpuNetwork(network, MEAN, STD, way)(clips), wanted, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize(
    "conv",
    [
        nn.Conv3d(6, 4, (1, 3, 3), (1, 2, 2), (0, 1, 1)),
        nn.Conv3d(6, 6, (5, 1, 1), (4, 1, 1), (2, 0, 0)),
        nn.Conv3d(6, 6, (3, 1, 1), 1, (0, 0, 0)),
        nn.Conv3d(6, 6, (5, 1, 1), 1, (2, 0, 0), groups=6),
        nn.Conv3d(6, 6, (1, 3, 3), 1, (0, 1, 1), groups=6, bias=False),
        nn.Conv3d(6, 4, 1),
        nn.Conv3d(3, 4, (5, 7, 7), (1, 2, 2), (2, 3, 3)),
        nn.Conv3d(3, 4, (3, 3, 3), 1, (0, 1, 1)),
    ],
    ids=["pictures", "lateral", "unpadded", "depthwise in time", "depthwise", "point", "stem", "unpadded stem"],
)
@torch.inference_mode()
def test_a_flat_convolution_is_the_3d_one(conv: nn.Conv3d) -> None:
    x = torch.randn(2, conv.in_channels, 8, 9, 10)
    flat = StackedConv(conv) if conv.in_channels == 3 else FlatConv(conv)
    torch.testing.assert_close(flat(x), conv(x), atol=1e-5, rtol=1e-5)


def test_convolutions_that_are_none_of_these_stay_as_they_are() -> None:
    kept = nn.Sequential(
        nn.Conv3d(6, 6, 3, 1, 1, groups=6),
        nn.Conv3d(6, 6, (1, 3, 3), (2, 1, 1)),
        nn.Conv3d(6, 6, (3, 1, 1), (1, 2, 2)),
        nn.Conv3d(6, 6, (1, 3, 3), padding=(1, 0, 0)),
        nn.Conv3d(6, 6, (1, 3, 3), dilation=2),
        nn.Conv3d(6, 6, (1, 3, 3), padding="same"),
        nn.Conv3d(6, 6, (1, 3, 3), padding=(0, 1, 1), padding_mode="circular"),
    )
    made = GpuNetwork(kept, MEAN, STD, Way()).network
    assert [type(one) for one in made.children()] == [nn.Conv3d] * len(kept)


def at_once(look: Look, room: Tensor) -> Ready:
    return lambda: look(room)


@pytest.mark.parametrize("clips", [1, 3, BATCHES[-1], BATCHES[-1] + 5])
def test_a_batch_is_filled_up_or_cut_and_answered_in_order(clips: int) -> None:
    sizes: list[int] = []

    def look(room: Tensor) -> Tensor:
        sizes.append(len(room))
        return room.float().flatten(1).mean(dim=1, keepdim=True)

    batches = Batches(look, torch.zeros(1, 3, 2, 2, dtype=torch.uint8), at_once)
    first = torch.arange(clips, dtype=torch.uint8)[:, None, None, None, None].expand(-1, 1, 3, 2, 2)
    again = first + 100

    answers = [batches(some) for some in (first, again)]

    assert torch.equal(answers[0][:, 0], torch.arange(clips).float())
    assert torch.equal(answers[1][:, 0], torch.arange(clips).float() + 100)
    assert set(sizes) <= set(BATCHES)


@needs_gpu
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
@torch.inference_mode()
def test_on_a_gpu_scores_are_those_of_the_cpu(size: SlowFastSize, dtype: torch.dtype) -> None:
    network, clips = random_slowfast(size), pictures(size, clips=3)
    look = on_gpu(network, clips[0], MEAN, STD, Way(dtype), device=torch.device("cuda"))
    wanted = network(normalised(clips, MEAN, STD)).softmax(dim=1)
    torch.testing.assert_close(look(clips).softmax(dim=1).cpu(), wanted, atol=TOLERANCE, rtol=0)
