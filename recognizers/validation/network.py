"""A checkpoint's network as it is asked about pictures, without anything that remembers from clip to clip."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from recognizers.card import Card, checkpoint_path
from recognizers.checkpoint import load
from recognizers.data.sampling import Views, clip_at, cropped, dense_clips
from recognizers.families import network_of
from recognizers.huggingface import Wanted as Of
from recognizers.runtimes.answers import on_device, own_device
from recognizers.runtimes.huggingface import load as load_folder
from recognizers.transforms import normalised
from recognizers.validation.footage import Footage

_AT_ONCE = 8
NEED_MORE = {"san": "joints (skeletons:FILE)", "slowfast_actors": "people in boxes (ava:FOLDER)"}
"""Kinds that do not look at clips of pictures alone, and what they look at."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A network on a device, with its card."""

    network: nn.Module
    card: Card
    device: torch.device
    threads: int = 1

    def logits(self, clips: Iterable[NDArray[np.uint8]]) -> Tensor:
        """Of clips `(T, S, S, 3)`: `(N, C)`, on the CPU.

        Raises:
            DeviceFailed, OutOfDeviceMemory: the device cannot.
        """
        some, said = iter(clips), [torch.zeros(0, len(self.card.labels))]
        while batch := list(islice(some, _AT_ONCE)):
            with on_device(self.threads, len(batch)):
                seen = torch.from_numpy(np.stack(batch)).permute(0, 1, 4, 2, 3).to(self.device)
                said.append(self.network(normalised(seen, self.card.mean, self.card.std)).float().cpu())
        return torch.cat(said)

    def views(self, footage: Footage, views: Views, interval_s: float | None = None) -> Tensor:
        """Of each view of a recording, `(V, C)`, the crops of a clip in a row; a square picture has one crop, whatever
        is asked for. `interval_s`: seconds between the pictures of a clip, instead of the card's.

        Raises:
            DataError: the recording cannot be read.
        """
        side, frames = self.card.crop_px, self.card.spec.frames
        pictures = footage.read(1 / (interval_s or self.card.spec.interval_s), side)
        _, height, width, _ = pictures.shape
        crops = 1 if height == width else views.crops
        clips = dense_clips(len(pictures), frames, 1.0, views.clips)
        return self.logits(view for clip in clips for view in cropped(pictures[clip], side, crops))

    def along(self, footage: Footage) -> Iterator[tuple[float, Tensor]]:
        """A clip every hop, in the middle of the picture: the seconds at which each ends, and logits `(C,)`. What is
        shorter than a clip is one.

        Raises:
            DataError: the recording cannot be read.
        """
        spec, side = self.card.spec, self.card.crop_px
        pictures = footage.read(1 / spec.interval_s, side)
        last = len(pictures) - 1
        for end in range(min(spec.frames - 1, last), last + 1, spec.hop):
            clip = clip_at(end - spec.frames + 1, spec.frames, 1.0, len(pictures))
            yield end * spec.interval_s, self.logits(cropped(pictures[clip], side, 1))[0]


def asked(checkpoint: str, threads: int = 1) -> Asked:
    """The network of a checkpoint (a path or `bundled:NAME`), or of the folder of a video classifier of others; on a
    GPU where there is one.

    Raises:
        CheckpointMismatch: it cannot be read.
    """
    path, device = checkpoint_path(checkpoint), own_device()
    if path.is_dir():
        video, its_card = load_folder(checkpoint, Of(), fetches=False)
        return Asked(video.eval().to(device), its_card, device, threads)
    card, tensors = load(path)
    return Asked(network_of(card, tensors, str(path)).to(device), card, device, threads)
