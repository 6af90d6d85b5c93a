"""The GPU's way through a network gives the network's own answers. What needs no GPU of it is tested without one."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from recognizers.models.slowfast import SlowFastSize, slowfast_small
from recognizers.runtimes.answers import scores_of
from recognizers.runtimes.fastest import TOLERANCE, Look
from recognizers.runtimes.gpu import (
    BATCHES,
    Batches,
    GpuNetwork,
    Ready,
    Way,
    chosen,
    on_gpu,
)
from recognizers.transforms import normalised
from tests.recognizers.networks import TINY, card, random_slowfast

MEAN, STD = (0.45, 0.4, 0.35), (0.225, 0.25, 0.275)
DEEP = SlowFastSize(frames=4, alpha=2, beta_inv=8, width=8, depths=(2, 1, 3, 1), fusion_kernel=7)
CAUSAL = replace(TINY, causal=True, fast_colours=1)
SIZES = {"tiny": TINY, "small": slowfast_small(), "deep": DEEP, "causal, grey": CAUSAL}
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


@needs_gpu
@pytest.mark.parametrize("runtime", ["auto", "torch"])
@torch.inference_mode()
def test_what_is_chosen_on_a_gpu_says_what_the_cpu_says(runtime: str) -> None:
    network, clips = random_slowfast(), pictures(TINY, clips=5, side=card().crop_px)
    wanted = scores_of(network(normalised(clips, card().mean, card().std)), card())
    look = chosen(network, card(), runtime, torch.device("cuda"))
    torch.testing.assert_close(scores_of(look(clips), card()).cpu(), wanted, atol=TOLERANCE, rtol=0)
