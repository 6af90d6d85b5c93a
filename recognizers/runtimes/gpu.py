"""A network of clips as a GPU likes it, with the scores of the plain network on a CPU (`TOLERANCE`).

Batch norms are folded into the convolutions before them and channels are the innermost axis. A convolution over one
axis of time or over pictures alone is given to cuDNN as the 2-D convolution that it is, over the same memory: its 2-D
kernels are the better ones. What a batch takes is launched as one CUDA graph, since small networks take longer to
launch, kernel by kernel, than to compute.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from recognizers.nn.resnet3d import StemConv
from recognizers.runtimes.folding import kernel, without_norms

TOLERANCE = 0.005
"""How much a score may differ from that of the plain network in float32 on a CPU."""

BATCHES = (1, 2, 4, 8, 16, 32, 64)
"""Clips at once for which graphs are made; a batch in between is filled up, a larger one is cut."""

LANES = 8
"""Channels that a matrix unit takes at once, in half precision."""
FEW_CHANNELS = 4
"""Of these, neighbouring pictures are laid side by side."""

Look = Callable[[Tensor], Tensor]
"""`(N, T, 3, H, W)` uint8 pictures → `(N, classes)` float32 logits."""
Ready = Callable[[], Tensor]
"""Logits of whatever stands in an input that was handed over before."""


@dataclass(frozen=True, slots=True)
class Way:
    """How a network is run on a GPU."""

    dtype: torch.dtype = torch.float32
    """Of weights and activations; sums are float32 all the same."""
    channels_last: bool = True
    flat: bool = True
    """Whether convolutions of one axis, or of pictures alone, are 2-D."""
    graphs: bool = True

    def __str__(self) -> str:
        number = str(self.dtype).removeprefix("torch.")
        shape = ("2-D" if self.flat else "3-D") + (" channels last" if self.channels_last else "")
        return f"{number}, {shape}, {'graphs' if self.graphs else 'eager'}"


class GpuNetwork(nn.Module):
    """Any network `(N, 3, T, H, W)` normalised → `(N, classes)`, from pictures as they come to float32 logits."""

    offset: Tensor
    scale: Tensor

    def __init__(self, network: nn.Module, mean: Sequence[float], std: Sequence[float], way: Way) -> None:
        super().__init__()
        self._dtype = way.dtype
        self._format = torch.channels_last_3d if way.channels_last else torch.contiguous_format
        network = without_norms(network)
        self.network = (flat(network) if way.flat else network).to(way.dtype)
        if way.channels_last:
            for weight in self.network.parameters():
                weight.data = _channels_last(weight.data)
        self.register_buffer("offset", torch.tensor(mean).mul_(255)[:, None, None])
        self.register_buffer("scale", torch.tensor(std).mul_(255).reciprocal_()[:, None, None])

    def forward(self, pictures: Tensor) -> Tensor:
        seen = pictures.float().sub_(self.offset).mul_(self.scale).transpose(1, 2)
        logits: Tensor = self.network(seen.to(self._dtype, memory_format=self._format))
        return logits.float()


class FlatConv(nn.Module):
    """A 3-D convolution of a 1×h×w or k×1×1 kernel as a 2-D one over the same memory, channels last."""

    def __init__(self, conv: nn.Conv3d) -> None:
        super().__init__()
        self._over_time = conv.kernel_size[0] > 1
        weight = conv.weight.flatten(3) if self._over_time else conv.weight[:, :, 0]
        self.weight, self.bias, self._groups = kernel(weight), conv.bias, conv.groups
        (step, *strides), (ends, *sides) = conv.stride, cast(tuple[int, int, int], conv.padding)
        self._stride, self._padding = ((step, 1), (ends, 0)) if self._over_time else (tuple(strides), tuple(sides))

    def forward(self, x: Tensor) -> Tensor:
        """`(N, C, T, H, W)`, best channels last → the same of the output, channels last."""
        n, c, t, h, w = x.shape
        images = _pixels(x).view(n, t, h * w, c) if self._over_time else _pixels(x).view(n * t, h, w, c)
        y = F.conv2d(
            images.permute(0, 3, 1, 2), self.weight, self.bias, self._stride, self._padding, groups=self._groups
        )
        y = y.permute(0, 2, 3, 1).contiguous()
        shape = (n, y.shape[1], h, w, -1) if self._over_time else (n, t, *y.shape[1:])
        return y.view(shape).permute(0, 4, 1, 2, 3)


class StackedConv(nn.Module):
    """A k×h×w convolution over few channels as a 2-D one that sees k neighbours side by side, as one picture of k times
    the channels: three colours alone leave most of a matrix unit idle."""

    def __init__(self, conv: nn.Conv3d) -> None:
        super().__init__()
        self._taps = conv.kernel_size[0]
        weight = conv.weight.transpose(1, 2).flatten(1, 2)
        self._spare = -weight.shape[1] % LANES
        self.weight, self.bias = kernel(F.pad(weight, (0, 0, 0, 0, 0, self._spare))), conv.bias
        (self._ends, *self._padding), (_, *self._stride) = cast(tuple[int, int, int], conv.padding), conv.stride

    def forward(self, x: Tensor) -> Tensor:
        """`(N, C, T, H, W)`, best channels last → the same of the output, channels last."""
        padded = F.pad(_pixels(x), (0, 0, 0, 0, 0, 0, self._ends, self._ends))
        frames = padded.shape[1] - self._taps + 1
        beside = [padded[:, tap : tap + frames] for tap in range(self._taps)]
        if self._spare:
            beside.append(x.new_zeros(()).expand(*beside[0].shape[:-1], self._spare))
        images = torch.cat(beside, dim=4).flatten(0, 1).permute(0, 3, 1, 2)
        y = F.conv2d(images, self.weight, self.bias, self._stride, self._padding).permute(0, 2, 3, 1).contiguous()
        return y.view(-1, frames, *y.shape[1:]).permute(0, 4, 1, 2, 3)


def flat(network: nn.Module) -> nn.Module:
    """A copy of a network with 2-D convolutions where they do the same."""
    network = deepcopy(network)
    for module in list(network.modules()):
        for name, child in module.named_children():
            if isinstance(child, nn.Conv3d) and (made := _flattened(child)) is not None:
                setattr(module, name, made)
    return network


def _flattened(conv: nn.Conv3d) -> nn.Module | None:
    (taps, *sides), (step, *strides), padding = conv.kernel_size, conv.stride, conv.padding
    if type(conv) not in (nn.Conv3d, StemConv) or conv.padding_mode != "zeros" or isinstance(padding, str):
        return None  # a convolution with ways of its own
    if {*conv.dilation} != {1}:
        return None
    if (taps, step, padding[0]) == (1, 1, 0) or (sides, strides, [*padding[1:]]) == ([1, 1], [1, 1], [0, 0]):
        return FlatConv(conv)
    return StackedConv(conv) if step == conv.groups == 1 and conv.in_channels <= FEW_CHANNELS else None


def _pixels(x: Tensor) -> Tensor:
    """`(N, C, T, H, W)` → `(N, T, H, W, C)`; no copy where channels are last."""
    return x.permute(0, 2, 3, 4, 1).contiguous()


class Batches:
    """A network that answers batches of a few sizes only; others are filled up, or cut."""

    def __init__(self, look: Look, one: Tensor, prepare: Callable[[Look, Tensor], Ready]) -> None:
        """`one`: a clip `(T, 3, H, W)` of the shape of all, on the device. `prepare`: from a network and its input to
        what is called once the input stands there; see `captured`."""
        self._look, self._one, self._prepare = look, one, prepare
        self._ready: dict[int, tuple[Tensor, Ready]] = {}

    def __call__(self, clips: Tensor) -> Tensor:
        """`(N, T, 3, H, W)` uint8, on any device → `(N, classes)` float32 on this one."""
        return torch.cat([self._some(some) for some in torch.split(clips, BATCHES[-1])])

    def _some(self, clips: Tensor) -> Tensor:
        size = next(size for size in BATCHES if size >= len(clips))
        if size not in self._ready:
            room = self._one.new_zeros(size, *self._one.shape)
            self._ready[size] = room, self._prepare(self._look, room)
        room, ready = self._ready[size]
        room[: len(clips)].copy_(clips)
        # A copy: the next batch is written to the same place.
        return ready()[: len(clips)].clone()


def captured(look: Look, room: Tensor, pool: Any) -> Ready:
    """A CUDA graph of `look(room)`. Graphs of one `pool` share its memory, so only one of them may run at a time."""
    torch.backends.cudnn.benchmark = True  # shapes do not change: it pays to look for the fastest kernels
    aside = torch.cuda.Stream(room.device)  # type: ignore[no-untyped-call]
    aside.wait_stream(torch.cuda.current_stream(room.device))
    with torch.cuda.stream(aside):
        for _ in range(3):  # kernels are chosen and memory is taken before the capture, where both are forbidden
            look(room)
    torch.cuda.current_stream(room.device).wait_stream(aside)
    graph = torch.cuda.CUDAGraph()
    # Other recognizers run in other threads meanwhile.
    with torch.cuda.graph(graph, pool=pool, capture_error_mode="thread_local"):
        said = look(room)

    def ready() -> Tensor:
        graph.replay()
        return said

    return ready


def on_gpu(
    network: nn.Module, one: Tensor, mean: Sequence[float], std: Sequence[float], way: Way, *, device: torch.device
) -> Look:
    """A network the given way; `one` is a clip of the shape of all, `(T, 3, H, W)` uint8."""
    ours = GpuNetwork(network, mean, std, way).eval().to(device)
    if not way.graphs:
        return lambda clips: ours(clips.to(device))
    return Batches(ours, one.to(device), partial(captured, pool=torch.cuda.graph_pool_handle()))


def _channels_last(weight: Tensor) -> Tensor:
    formats = {4: torch.channels_last, 5: torch.channels_last_3d}
    return weight.contiguous(memory_format=formats.get(weight.dim(), torch.contiguous_format))
