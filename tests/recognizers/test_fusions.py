"""Where two streams become one is where the papers say; each part is compared with a plain statement of it."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from recognizers.families import FAMILIES
from recognizers.models.fusions import FUSIONS, SLOW, stacked
from recognizers.models.streams import TwoStreamSize
from recognizers.nn.steps import weighted_mean
from tests.recognizers import two_streams
from tests.recognizers.pictures import random_network

CLASSES, SIDE = 3, 64


def shown(size: TwoStreamSize, channels: int = 2, clips: int = 2) -> tuple[Tensor, Tensor]:
    """Pictures `(N, T, 3, H, W)` and fields `(N, T - 1, C, H, W)`."""
    torch.manual_seed(4)
    return torch.randn(clips, size.frames, 3, SIDE, SIDE), torch.rand(clips, size.steps, channels, SIDE, SIDE) * 2 - 1


def fusion_of(name: str, **numbers: Any) -> tuple[Any, TwoStreamSize]:
    size = replace(two_streams.SIZES[name], **numbers)
    return random_network("two_stream", size).fusion, size


def looked(fusion: Any, pictures: Tensor) -> Tensor:
    said: Tensor = fusion.look(pictures.flatten(0, 1))
    return said.view(*pictures.shape[:2], *said.shape[1:])


def test_the_scores_of_several_are_their_weighted_mean() -> None:
    logits = torch.randn(2, 4, 5)

    mean = weighted_mean((logits[0], logits[1]), (1.0, 3.0)).softmax(dim=1)

    torch.testing.assert_close(mean, 0.25 * logits[0].softmax(dim=1) + 0.75 * logits[1].softmax(dim=1))
    torch.testing.assert_close(weighted_mean((logits[0], logits[1]), (0.0, 2.0)), logits[1].log_softmax(dim=1))


@torch.no_grad()
def test_late_is_the_weighted_mean_of_two_networks_scores() -> None:
    fusion, size = fusion_of("late", weights=(1.0, 3.0))
    pictures, fields = shown(size)
    (spatial,) = fusion.look[0].networks

    scores = fusion.decide(looked(fusion, pictures), fields).softmax(dim=1)

    each = [spatial(pictures[:, t]).mean(dim=(2, 3)) for t in range(size.frames)]
    alone = torch.stack([fusion.spatial_head(one).softmax(dim=1) for one in each]).mean(dim=0)
    stack = torch.cat([fields[:, k] for k in range(size.steps)], dim=1)
    moved = fusion.temporal_head(fusion.temporal.network(stack).mean(dim=(2, 3))).softmax(dim=1)
    torch.testing.assert_close(scores, 0.25 * alone + 0.75 * moved)


@torch.no_grad()
@pytest.mark.parametrize(("weights", "matters"), [((1.0, 0.0), "pictures"), ((0.0, 1.0), "fields")])
def test_late_a_stream_without_weight_does_not_matter(weights: tuple[float, float], matters: str) -> None:
    fusion, size = fusion_of("late", weights=weights)
    pictures, fields = shown(size)
    said = fusion.decide(looked(fusion, pictures), fields)

    other_fields = fusion.decide(looked(fusion, pictures), -fields)
    other_pictures = fusion.decide(looked(fusion, -pictures), fields)

    assert torch.equal(said, other_fields) == (matters == "pictures")
    assert torch.equal(said, other_pictures) == (matters == "fields")


@torch.no_grad()
def test_early_the_first_convolution_sees_every_picture_and_every_field() -> None:
    fusion, size = fusion_of("early")
    pictures, fields = shown(size)
    stem = fusion.network.stem
    first: list[Tensor] = []
    stem.register_forward_hook(lambda _, __, out: first.append(out))

    fusion.decide(looked(fusion, pictures), fields)

    parts = [*pictures.unbind(1), *(fusion.norm(field) for field in fields.unbind(1))]
    kernels = stem.weight.split([part.shape[1] for part in parts], dim=1)
    wanted = sum(F.conv2d(part, kernel, None, 2, 3) for part, kernel in zip(parts, kernels, strict=True))
    torch.testing.assert_close(first[0], wanted, atol=1e-4, rtol=1e-4)
    assert all(kernel.any() for kernel in kernels)


@torch.no_grad()
@pytest.mark.parametrize("name", ["early", "slow"])
def test_fused_at_the_beginning_fields_count_as_much_as_pictures(name: str) -> None:
    """However little moves: in training, each channel of all fields has mean 0 and deviation 1."""
    size = two_streams.SIZES[name]
    fusion = FAMILIES["two_stream"].network(size, CLASSES).fusion.train()
    pictures, fields = shown(size)
    seen: list[Tensor] = []
    fusion.norm.register_forward_hook(lambda _, __, out: seen.append(out))

    fusion.decide(looked(fusion, pictures), 0.01 * fields + 0.005)

    torch.testing.assert_close(seen[0].mean(dim=(0, 2, 3)), torch.zeros(2), atol=1e-2, rtol=0)
    torch.testing.assert_close(seen[0].std(dim=(0, 2, 3)), torch.ones(2), atol=0.2, rtol=0)


@torch.no_grad()
@pytest.mark.parametrize(("extent", "stride"), SLOW)
def test_slow_a_convolution_over_stacked_steps_is_one_over_time_and_place(extent: int, stride: int) -> None:
    steps, kernel = torch.randn(2, 10, 3, 9, 8), torch.randn(4, 3, extent, 3, 3)

    windows = stacked(steps, extent, stride)
    said = F.conv2d(windows.flatten(0, 1), kernel.transpose(1, 2).flatten(1, 2), None, 2, 1)

    wanted = F.conv3d(steps.transpose(1, 2), kernel, None, (stride, 2, 2), (0, 1, 1)).transpose(1, 2)
    torch.testing.assert_close(said.view(wanted.shape), wanted, atol=1e-4, rtol=1e-4)


def test_slow_ten_steps_become_four_two_and_one() -> None:
    """As in the paper: the first layer sees four of them, the second six, the third all; each with its last picture."""
    fusion, size = fusion_of("slow")
    pictures, fields = (each.requires_grad_() for each in shown(size, clips=1))
    seen: list[Tensor] = []
    layers = [fusion.first, *fusion.more]
    for layer in layers:
        layer.register_forward_hook(lambda _, __, out: seen.append(out))

    fusion.decide(looked(fusion, pictures), fields)

    assert [len(one) for one in seen] == [4, 2, 1, 1]
    for out, first in zip(seen, (6, 4, 0), strict=False):
        of_fields, of_pictures = torch.autograd.grad(out[-1].sum(), (fields, pictures), retain_graph=True)
        assert [step for step in range(size.steps) if of_fields[0, step].any()] == list(range(first, 10))
        assert [step for step in range(size.frames) if of_pictures[0, step].any()] == list(range(first + 1, 11))


@torch.no_grad()
def test_conv_mixes_stacked_maps_at_each_place_and_picture_and_keeps_the_temporal_answer() -> None:
    fusion, size = fusion_of("conv", weights=(1.0, 1.0))
    pictures, fields = shown(size)
    maps = looked(fusion, pictures)
    moved = fusion.temporal.network(fields.flatten(1, 2))

    scores = fusion.decide(maps, fields).softmax(dim=1)

    beside = moved[:, :, None].expand(-1, -1, size.frames, -1, -1)
    stack = torch.cat((maps.transpose(1, 2), beside), dim=1)
    mixed = F.relu(F.conv3d(stack, fusion.mix.weight[:, :, None], fusion.mix.bias))
    assert fusion.mix.weight.shape == (maps.shape[2], 2 * maps.shape[2], 1, 1)
    fused = fusion.fused_head(mixed.mean(dim=(2, 3, 4))).softmax(dim=1)
    alone = fusion.temporal_head(moved.mean(dim=(2, 3))).softmax(dim=1)
    torch.testing.assert_close(scores, (fused + alone) / 2)


@torch.no_grad()
@pytest.mark.parametrize("name", two_streams.SIZES)
def test_every_one_hears_both_streams_and_the_order_of_pictures(name: str) -> None:
    size = two_streams.SIZES[name]
    network = random_network("two_stream", size)
    pictures, fields = shown(size, network.estimator.channels, 1)
    fusion = network.fusion
    said = fusion.decide(looked(fusion, pictures), fields)

    backwards = fusion.decide(looked(fusion, pictures.flip(1)), -fields.flip(1))
    assert not torch.allclose(said, backwards, atol=1e-4)
    assert not torch.allclose(said, fusion.decide(looked(fusion, -pictures), fields), atol=1e-4)
    if size.temporal == "flow":
        assert not torch.allclose(said, fusion.decide(looked(fusion, pictures), -fields), atol=1e-4)


def test_a_recurrent_network_needs_no_flow_and_a_difference_no_opencv(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cv2", None)

    for name in ("rnn", "rnn conv", "difference"):
        assert random_network("two_stream", two_streams.SIZES[name]).estimator.channels in (0, 3)


@pytest.mark.parametrize(
    ("numbers", "why"),
    [
        ({"fusion": "middle"}, "no fusion 'middle'; there are: early, late, slow, conv"),
        ({"temporal": "lstm"}, "no temporal network 'lstm'; there are: flow, rnn"),
        ({"flow": "tvl1"}, "no flow 'tvl1'; there are: dis_ultrafast, dis_fast, dis_medium, rgb_difference"),
        ({"cell": "rnn"}, "no cell 'rnn'; there are: gru, lstm"),
        ({"weights": (1.0,)}, r"weights are \(1.0,\); two numbers from 0 on, not both 0"),
        ({"weights": (0.0, 0.0)}, "not both 0"),
        ({"weights": (-1.0, 2.0)}, "two numbers from 0 on"),
        ({"frames": 1}, "frames is 1; it must be at least 2"),
        ({"fusion": "slow", "frames": 10}, "slow fusion needs 11 pictures and 3 stages; there are 10 and 4"),
        ({"fusion": "slow", "depths": (1, 1)}, "slow fusion needs 11 pictures and 3 stages; there are 11 and 2"),
        (
            {"fusion": "early", "temporal": "rnn"},
            "early fusion is of a resnet over pictures and flow; take late or conv",
        ),
        ({"fusion": "slow", "backbone": "lite0"}, "slow fusion is of a resnet"),
        ({"fusion": "conv", "backbone": "lite0", "depths": (1, 1)}, "beside lite0, depths must have four stages"),
    ],
)
def test_numbers_that_do_not_go_together_are_refused(numbers: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        TwoStreamSize(**{"frames": 11, **numbers})


def test_every_fusion_that_can_be_asked_for_can_be_made() -> None:
    assert {TwoStreamSize(frames=11, fusion=name).fusion for name in FUSIONS} == {"early", "late", "slow", "conv"}
