"""A continual recognizer: clips do not overlap, and each moves the watch's state on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch

from recognizers.card import Card
from recognizers.clip import Clip, Region
from recognizers.models.slowfast import SlowFast
from recognizers.nn.pictureconv import PLAIN
from recognizers.nn.state import StreamState
from recognizers.recognizer import Answer, State
from recognizers.runtimes.answers import answers, on_device, own_device
from recognizers.runtimes.pushes import Pusher, push_each, pusher
from recognizers.runtimes.streamed import StreamSlowFast
from recognizers.transforms import region_square


@dataclass(frozen=True, slots=True)
class Followed:
    """Where a watch stands after a clip."""

    epoch: int
    index: int
    region: Region
    stream: StreamState

    def is_before(self, clip: Clip) -> bool:
        return (self.epoch, self.index + 1, self.region) == (clip.epoch, clip.index, clip.region)


class ContinualRecognizer:
    """A SlowFast network over an endless clip behind the `Recognizer` seam, on a GPU where there is one.

    Begins anew wherever clips do not follow each other, and answers nothing until it has seen a whole window.
    """

    def __init__(self, network: SlowFast, card: Card, threads: int, runtime: str = "torch") -> None:
        """A network that is not causal answers late; `spec.late` says by how much."""
        self._stream = StreamSlowFast(network, card.mean, card.std, PLAIN)
        self.spec = replace(card.spec, continual=True, late=self._stream.late)
        self.labels, self.background = card.labels, card.background
        self._card, self._threads, self._device = replace(card, spec=self.spec), threads, own_device()
        self._pusher: Pusher = self._stream.to(self._device)
        if self._device.type == "cpu":
            self._pusher = pusher(network, self._card, runtime, threads)

    def recognize(self, clips: Sequence[Clip], states: Sequence[State | None]) -> list[Answer]:
        """Answer each clip. Safe to call from one thread at a time.

        Raises:
            OutOfDeviceMemory: fewer clips at once may fit.
            DeviceFailed: not these; the next may be answered.
        """
        if not clips:
            return []
        with on_device(self._threads, len(clips)):
            before = [_known(clip, state) for clip, state in zip(clips, states, strict=True)]
            shown = [region_square(clip, self._card.crop_px).to(self._device) for clip in clips]
            # On a CPU a batch saves nothing.
            said = push_each(self._pusher, shown, before, None if self._device.type == "cpu" else self._stream.place)
            after = [
                Followed(clip.epoch, clip.index, clip.region, state)
                for clip, (_, state) in zip(clips, said, strict=True)
            ]
            whole = answers(clips, torch.cat([logits for logits, _ in said]), self._card, after)
            return [
                (prediction if self._stream.warm(followed.stream) else None, kept)
                for (prediction, kept), followed in zip(whole, after, strict=True)
            ]


def _known(clip: Clip, state: State | None) -> StreamState | None:
    return state.stream if isinstance(state, Followed) and state.is_before(clip) else None
