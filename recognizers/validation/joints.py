"""Sequences of skeletons: each is one clip."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch.nn import functional as F

from recognizers.data.skeletons import Sequence as Joints
from recognizers.data.skeletons import SkeletonSet
from recognizers.data.track import Tick
from recognizers.errors import DataError
from recognizers.runtimes.answers import on_device
from recognizers.train.skeleton_augment import stretched
from recognizers.validation.figures import Said
from recognizers.validation.network import Asked


def said_of(asked: Asked, data: SkeletonSet, sequences: Sequence[Joints], tick: Tick) -> Iterator[Said]:
    """Of each sequence, drawn to the length of a clip.

    Raises:
        DataError: its joints are not those that the network looks at.
    """
    size = asked.card.network
    even = np.linspace(0, 1, asked.card.spec.frames)
    for number, one in enumerate(sequences, 1):
        label = data.labels[one.label]
        clip = torch.from_numpy(stretched(one.skeletons, even)).permute(2, 0, 1)[None, ..., None]
        try:
            with on_device(asked.threads, 1):
                logits = asked.network(F.pad(clip, (0, size["persons"] - 1)).to(asked.device)).float().cpu()
        except RuntimeError as error:
            raise DataError(f"{data.description}: joints of another layout than {size['layout']} ({error})") from error
        actions = () if label == data.background else (label,)
        yield Said(f"sequence {number}", str(one.group), actions, logits)
        tick("looking at sequences", number, len(sequences))
