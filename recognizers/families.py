"""How networks of each kind are made: the one place that knows all of our own."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

from recognizers.card import Card, wrong_labels
from recognizers.checkpoint import fit_strictly
from recognizers.errors import CheckpointMismatch
from recognizers.models import clip_resnet, crnn, san, single_frame, slowfast, slowfast_actors, two_stream, x3d
from recognizers.models.backbones import PictureSize
from recognizers.models.streams import TwoStreamSize
from recognizers.nn.network import Family

FAMILIES: dict[str, Family] = {
    "slowfast": Family(slowfast.SlowFastSize, slowfast.SIZES, slowfast.SlowFast),
    "slowfast_actors": Family(slowfast.SlowFastSize, slowfast_actors.SIZES, slowfast_actors.SlowFastActors),
    "slow_only": Family(clip_resnet.ClipResNetSize, clip_resnet.SLOW_ONLY, clip_resnet.ClipResNet),
    "c2d": Family(clip_resnet.ClipResNetSize, clip_resnet.C2D, clip_resnet.ClipResNet),
    "i3d": Family(clip_resnet.ClipResNetSize, clip_resnet.I3D, clip_resnet.ClipResNet),
    "x3d": Family(x3d.X3dSize, x3d.SIZES, x3d.X3d),
    "single_frame": Family(PictureSize, single_frame.SIZES, single_frame.SingleFrame),
    "two_stream": Family(TwoStreamSize, two_stream.SIZES, two_stream.TwoStream),
    "crnn": Family(crnn.CrnnSize, crnn.SIZES, crnn.Crnn),
    "san": Family(san.SanSize, san.SIZES, san.San),
}


def network_of(card: Card, tensors: Mapping[str, Tensor], origin: str) -> nn.Module:
    """The network that a card describes, with the checkpoint's weights, strictly.

    Raises:
        CheckpointMismatch: the card describes no network of its kind, or the weights are those of another.
    """
    family = FAMILIES.get(card.kind)
    if family is None:
        raise CheckpointMismatch(f"{origin}: no recognizer of kind {card.kind!r}; there are: {', '.join(FAMILIES)}")
    if (problem := wrong_labels(card)) is not None:
        raise CheckpointMismatch(f"{origin}: {problem}")
    try:
        size = family.described(card.network)
        network = family.network(size, len(card.labels))
    except (TypeError, ValueError, RuntimeError) as error:
        raise CheckpointMismatch(f"{origin}: the card does not describe a {card.kind} network ({error})") from error
    if card.spec.frames != size.frames:
        raise CheckpointMismatch(f"{origin}: clips have {card.spec.frames} pictures, the network takes {size.frames}")
    fit_strictly(network, tensors, origin)
    return network.eval()
