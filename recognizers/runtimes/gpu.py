"""A network of clips as a GPU likes it, with the scores of the plain network on a CPU (`fastest.TOLERANCE`).

Batch norms are folded into the convolutions before them, channels are the innermost axis, and convolutions are 2-D
where they can be (`flat`). What a batch takes is launched as one CUDA graph: small networks take longer to launch,
kernel by kernel, than to compute.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from recognizers.card import Card
from recognizers.runtimes.fastest import Look, Trial, fastest, seconds_of, trial_clips
from recognizers.runtimes.flat import flat
from recognizers.runtimes.folding import without_norms
from recognizers.transforms import normalised

BATCHES = (1, 2, 4, 8, 16, 32, 64)
"""Clips at once for which graphs are made; a batch in between is filled up, a larger one is cut."""

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


PLAIN = "eager"
WAYS: Mapping[str, Way] = {
    PLAIN: Way(torch.float32, channels_last=False, flat=False, graphs=False),
    "graphs": Way(torch.float32),
    "graphs, half": Way(torch.float16),
}
"""All that can be chosen; the plain one first."""
_MEASURED = 4
"""Clips at once while ways are measured."""


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


@torch.inference_mode()
def chosen(network: nn.Module, card: Card, runtime: str, device: torch.device) -> Look:
    """A network on a GPU. `auto` measures each of `WAYS` for a moment and takes the fastest faithful one; anything
    else is the plain network, the same on every machine."""
    clips = trial_clips(_MEASURED if runtime == "auto" else 1, card.spec.frames, card.crop_px)
    ways = {
        name: partial(on_gpu, network, clips[0], card.mean, card.std, way, device=device) for name, way in WAYS.items()
    }
    if runtime != "auto":
        return ways[PLAIN]()
    wanted = network.cpu()(normalised(clips, card.mean, card.std))
    look = fastest(ways, Trial(card, clips.to(device), wanted), seconds_of)
    torch.cuda.empty_cache()  # what the others took
    return look


def _channels_last(weight: Tensor) -> Tensor:
    formats = {4: torch.channels_last, 5: torch.channels_last_3d}
    return weight.contiguous(memory_format=formats.get(weight.dim(), torch.contiguous_format))
