"""What looks at single pictures: sizes that go together, and what is frozen."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from recognizers.models.backbones import PictureFeatures, PictureSize
from recognizers.models.crnn import Crnn, CrnnSize
from recognizers.models.single_frame import SingleFrame
from recognizers.nn.steps import mean_of_steps
from tests.recognizers.pictures import CRNN, LSTM, SINGLE_FRAME, random_network


@pytest.mark.parametrize(
    ("numbers", "said"),
    [
        ({"backbone": "vgg"}, "no backbone 'vgg'; there are: resnet, lite0"),
        ({"depths": ()}, r"depths is \[\]; it needs numbers, each at least 1"),
        ({"pretrained": True}, "resnet does not come pretrained; lite0 does"),
        ({"backbone": "lite0", "frozen": True}, "frozen needs pretrained"),
        ({"cell": "rnn"}, "no cell 'rnn'; there are: gru, lstm"),
        ({"hidden": 0}, "hidden is 0; it must be at least 1"),
        ({"grid": 0}, "grid is 0; it must be at least 1"),
        ({"cold": 4}, "must leave some of the 4 pictures"),
    ],
    ids=str,
)
def test_numbers_that_do_not_go_together_are_refused(numbers: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        CrnnSize(frames=4, **numbers)


def test_what_is_frozen_neither_learns_nor_moves() -> None:
    features = PictureFeatures(PictureSize(frames=2, backbone="lite0", pretrained=True, frozen=True)).train()
    before = {name: one.clone() for name, one in features.state_dict().items()}

    features(torch.randn(2, 3, 32, 32))

    assert not any(parameter.requires_grad for parameter in features.parameters())
    assert all(torch.equal(one, before[name]) for name, one in features.state_dict().items())


def test_what_is_not_frozen_does_both() -> None:
    features = PictureFeatures(PictureSize(frames=2, backbone="lite0", pretrained=True)).train()
    before = features.backbone.network.stem_norm.running_mean.clone()

    features(torch.randn(2, 3, 32, 32))

    assert all(parameter.requires_grad for parameter in features.parameters())
    assert not torch.equal(features.backbone.network.stem_norm.running_mean, before)


@torch.inference_mode()
def test_a_grid_tells_where_things_are_and_its_mean_is_what_one_mean_tells() -> None:
    whole, parts = PictureFeatures(SINGLE_FRAME).eval(), PictureFeatures(SINGLE_FRAME, grid=2).eval()
    parts.load_state_dict(whole.state_dict())
    pictures = torch.randn(3, 3, 64, 64)

    told = parts(pictures)

    assert told.shape == (3, parts.channels) == (3, 4 * whole.channels)
    corners = told.view(3, whole.channels, 4)
    torch.testing.assert_close(corners.mean(dim=2), whole(pictures))
    assert corners.std(dim=2).max() > 1e-3


def test_the_softmax_of_the_mean_is_the_mean_of_the_softmaxes() -> None:
    logits = torch.randn(3, 5, 4) * 5

    torch.testing.assert_close(mean_of_steps(logits).softmax(1), logits.softmax(2).mean(1))


@torch.inference_mode()
def test_single_frames_are_blind_to_order_and_a_recurrent_network_is_not() -> None:
    clips = torch.randn(1, 3, 6, 32, 32)

    def differs(network: SingleFrame | Crnn) -> float:
        there, back = network(clips), network(clips.flip(2))
        assert isinstance(there, torch.Tensor)
        return float((there - back).abs().max())

    assert differs(random_network("single_frame", SINGLE_FRAME)) < 1e-5
    assert differs(random_network("crnn", CRNN)) > 1e-3


@pytest.mark.parametrize("size", [CRNN, LSTM], ids=lambda size: size.cell)
@torch.inference_mode()
def test_steps_in_parts_are_steps_in_one_pass(size: CrnnSize) -> None:
    network = random_network("crnn", size)
    features = torch.randn(2, 9, network.features.channels)
    whole, end = network.steps(features)

    carried, said = None, []
    for part in features.split([1, 5, 3], dim=1):
        logits, carried = network.steps(part, carried)
        said.append(logits)

    torch.testing.assert_close(torch.cat(said, 1), whole)
    torch.testing.assert_close(carried, end)
