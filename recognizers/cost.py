"""What a network costs: parameters, multiplications, and time on this machine."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from statistics import median

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from recognizers.clip import WHOLE_PICTURE, Clip, ClipSpec, Picture
from recognizers.nn.network import Size
from recognizers.nn.skeletons import LAYOUTS, SkeletonSize
from recognizers.recognizer import Recognizer, State

_LEAST, _MOST, _FOR_S = 3, 20, 3.0
"""Decisions that are timed, and seconds for all of them where that is less."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Of a recognizer that follows one stream."""

    ms_per_decision: float
    """Median over clips that follow each other, with what is remembered from one to the next."""
    threads: int
    runtime: str
    device: str
    """cpu, or the GPU's name."""


def parameters(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def gmac(network: nn.Module, size: Size, crop_px: int) -> float:
    """10⁹ multiplications of one clip in the plain network; `crop_px` is the side of its pictures.

    Where people are asked about one by one, what is done for each of them is left out.
    """
    whole = getattr(network, "trunk", network)
    if isinstance(size, SkeletonSize):
        return _counted(whole, _example(size, crop_px, "cpu"), "cpu")
    try:
        return _counted(whole, _example(size, crop_px, "meta"), "meta")
    except NotImplementedError:  # it asks for numbers, to find optical flow in them
        return _counted(whole, _example(size, crop_px, "cpu"), "cpu")


def _counted(network: nn.Module, clip: Tensor, device: str) -> float:
    weights = {name: tensor.to(device) for name, tensor in network.state_dict().items()}
    # Attention is counted only where it is made of products of matrices.
    with torch.no_grad(), sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        functional_call(network.eval(), weights, (clip,))
    return float(counter.get_total_flops()) / 2e9


def _example(size: Size, crop_px: int, device: str) -> Tensor:
    """One clip of nothing, as the network takes it. On torch's meta device it has no numbers, and takes no time."""
    if isinstance(size, SkeletonSize):
        joints = len(LAYOUTS[size.layout].joints)
        return torch.zeros(1, size.coordinates + 1, size.frames, joints, size.persons, device=device)
    return torch.zeros(1, 3, size.frames, crop_px, crop_px, device=device)


def measured(recognizer: Recognizer, threads: int, runtime: str, pictures: Sequence[Picture] | None = None) -> Measured:
    """Time a recognizer on clips that follow each other as a camera would give them.

    Args:
        pictures: that it is shown in turn, over and over; without any, noise.
    """
    state: State | None = None
    took: list[float] = []
    for clip in _film(recognizer.spec, pictures):
        began = time.perf_counter()
        ((_, state),) = recognizer.recognize([clip], [state])
        took.append(time.perf_counter() - began)
        if len(took) > _LEAST and sum(took) > _FOR_S:
            break
    device = torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu"
    return Measured(1e3 * median(took[1:]), threads, runtime, device)


def _film(spec: ClipSpec, given: Sequence[Picture] | None) -> Sequence[Clip]:
    """Clips that follow each other. Pictures show again where clips overlap, and only there."""
    coming = map(np.copy, cycle(given)) if given else _noise((spec.short_side_px, spec.short_side_px, 3))
    clips, shown = [], list(islice(coming, spec.frames))
    for index in range(_MOST + 1):
        start = index * spec.hop * spec.interval_s
        end = start + spec.span_s
        clips.append(Clip("a", "a", 1, index, start, end, end, 0.0, WHOLE_PICTURE, 1.0, tuple(shown)))
        shown = [*shown[spec.hop :], *islice(coming, min(spec.hop, spec.frames))]
    return clips


def _noise(shape: tuple[int, int, int]) -> Iterator[Picture]:
    random = np.random.default_rng(0)
    while True:
        yield random.integers(0, 256, shape, np.uint8)
