"""Which runtime executes the pushes of an endless clip on this machine's CPU: torch, or OpenVINO for whole pushes."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Protocol

import torch
from torch import Tensor, nn

from recognizers.card import Card
from recognizers.models.slowfast import SlowFast
from recognizers.nn.pictureconv import BY_PICTURE, PLAIN
from recognizers.nn.state import StreamState, stack
from recognizers.runtimes.choice import available, of_this_cpu
from recognizers.runtimes.openvino import Compiled
from recognizers.runtimes.streamed import StreamSlowFast


class Pusher(Protocol):
    """Whatever executes pushes; see `StreamSlowFast.push`."""

    def push(self, pictures: Tensor, state: StreamState | None) -> tuple[Tensor, StreamState]: ...


@torch.inference_mode()
def pusher(network: SlowFast, card: Card, runtime: str, threads: int) -> Pusher:
    """What is to execute a CPU's pushes of as many pictures as the card's clips have.

    See `of_this_cpu`.

    Raises:
        CheckpointMismatch: OpenVINO is asked for, and cannot run this network.
    """
    stream = StreamSlowFast(network, card.mean, card.std, BY_PICTURE)
    runtime = available(runtime)
    if runtime == "torch":
        return stream
    torch.set_num_threads(threads)
    pictures = torch.zeros(1, card.spec.pictures, 3, card.crop_px, card.crop_px, dtype=torch.uint8)
    traceable = StreamSlowFast(network, card.mean, card.std, PLAIN)
    state = recurring(stream, pictures)[0]
    ways: dict[str, Callable[[], Pusher]] = {
        "torch": lambda: stream,
        "openvino": lambda: CompiledPushes(stream, traceable, pictures, threads),
    }
    return of_this_cpu(runtime, ways, lambda pusher: pusher.push(pictures, state)[0])


def push_each(
    pusher: Pusher,
    pictures: Sequence[Tensor],
    states: Sequence[StreamState | None],
    place: Callable[[StreamState | None], Hashable] | None,
) -> list[tuple[Tensor, StreamState]]:
    """The next `(T, 3, H, W)` pictures of each stream → its logits, `(1, C)`, and what comes after.

    Streams at the same `place` are pushed as a batch; where that is `None`, each alone.
    """
    groups: dict[Hashable, list[int]] = {}
    for n, (shown, state) in enumerate(zip(pictures, states, strict=True)):
        groups.setdefault(n if place is None else (len(shown), place(state)), []).append(n)
    said: dict[int, tuple[Tensor, StreamState]] = {}
    for members in groups.values():
        known = [state for n in members if (state := states[n]) is not None]
        logits, after = pusher.push(torch.stack([pictures[n] for n in members]), stack(known) if known else None)
        said |= zip(members, zip(torch.split(logits, 1), after.split(), strict=True), strict=True)
    return [said[n] for n in range(len(pictures))]


class CompiledPushes:
    """Pushes of one stream by OpenVINO, at those places that come again and again; by torch at all others (the first
    pushes of a stream, and those of another number of pictures)."""

    def __init__(self, stream: StreamSlowFast, traceable: StreamSlowFast, pictures: Tensor, threads: int) -> None:
        """`traceable`: the same network of plain layers. `pictures`: any push of those to come."""
        self._stream = stream
        self._compiled = {
            self._place(pictures, state): _Push(traceable, pictures, state, threads)
            for state in recurring(stream, pictures)
        }

    def push(self, pictures: Tensor, state: StreamState | None) -> tuple[Tensor, StreamState]:
        compiled = None if state is None else self._compiled.get(self._place(pictures, state))
        return self._stream.push(pictures, state) if state is None or compiled is None else compiled(pictures, state)

    def _place(self, pictures: Tensor, state: StreamState) -> Hashable:
        return tuple(pictures.shape), self._stream.place(state)


def recurring(stream: StreamSlowFast, pictures: Tensor) -> list[StreamState]:
    """A stream's states before those pushes that come again and again, once it is under way."""
    places: list[Hashable] = []
    states: list[StreamState] = []
    _, state = stream.push(pictures, None)
    while (place := stream.place(state)) not in places:
        places.append(place)
        states.append(state)
        _, state = stream.push(pictures, state)
    return states[places.index(place) :]


class _Push:
    """Pushes at one place. Buffers that are empty there are no business of OpenVINO's."""

    def __init__(self, stream: StreamSlowFast, pictures: Tensor, state: StreamState, threads: int) -> None:
        self._empty = [None if buffer.numel() else buffer for buffer in stream.push(pictures, state)[1].buffers]
        traced = _Traced(stream, stream.phase(state), [None if one.numel() else one for one in state.buffers])
        self._compiled = Compiled(traced, (_pixels(pictures), *_full(state.buffers)), threads)

    def __call__(self, pictures: Tensor, state: StreamState) -> tuple[Tensor, StreamState]:
        logits, *full = self._compiled(_pixels(pictures), *_full(state.buffers))
        return logits, StreamState((state.seen[0] + pictures.shape[1],), _filled(self._empty, full))


class _Traced(nn.Module):
    """What is traced is a module's `forward`."""

    def __init__(self, stream: StreamSlowFast, phase: int, empty: Sequence[Tensor | None]) -> None:
        super().__init__()
        self.stream, self.phase, self.empty = stream, phase, empty

    def forward(self, pixels: Tensor, *full: Tensor) -> tuple[Tensor, ...]:
        logits, left = self.stream(pixels.permute(0, 1, 4, 2, 3), self.phase, _filled(self.empty, full))
        return logits, *_full(left)


def _pixels(pictures: Tensor) -> Tensor:
    """As they mostly lie in memory, `(1, T, H, W, 3)`."""
    return pictures.permute(0, 1, 3, 4, 2).contiguous()


def _full(buffers: Iterable[Tensor]) -> list[Tensor]:
    return [buffer.contiguous() for buffer in buffers if buffer.numel()]


def _filled(empty: Iterable[Tensor | None], full: Iterable[Tensor]) -> tuple[Tensor, ...]:
    following = iter(full)
    return tuple(next(following) if one is None else one for one in empty)
