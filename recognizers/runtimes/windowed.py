"""A windowed recognizer: every clip is looked at whole, and nothing is remembered."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from recognizers.card import Card
from recognizers.clip import Clip, ClipSpec
from recognizers.errors import OutOfDeviceMemory
from recognizers.models.slowfast import SlowFast
from recognizers.prediction import Prediction
from recognizers.recognizer import Answer, State
from recognizers.runtimes.folded import FoldedSlowFast
from recognizers.transforms import crop_to_region, normalised, square


class WindowedRecognizer:
    """A SlowFast network behind the `Recognizer` seam, on a GPU where there is one."""

    background: str
    labels: tuple[str, ...]
    spec: ClipSpec

    def __init__(self, network: SlowFast, card: Card, threads: int) -> None:
        self.spec, self.labels, self.background = card.spec, card.labels, card.background
        self._card = card
        self._threads = threads
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self._network: nn.Module = (
            network.to(self._device)
            if self._device.type == "cuda"
            else FoldedSlowFast(network, card.mean, card.std).eval()
        )

    def recognize(self, clips: Sequence[Clip], states: Sequence[State | None]) -> list[Answer]:
        """Answer each clip. Safe to call from one thread at a time.

        Raises:
            OutOfDeviceMemory: fewer clips at once may fit.
        """
        if not clips:
            return []
        torch.set_num_threads(self._threads)
        try:
            with torch.inference_mode():
                scores = self._scores(torch.stack([self._pictures(clip) for clip in clips]))
        except (RuntimeError, MemoryError) as error:
            if not _is_out_of_memory(error):
                raise
            torch.cuda.empty_cache()
            raise OutOfDeviceMemory(f"a batch of {len(clips)} clips does not fit the device") from error
        return [
            (
                Prediction(
                    stream=clip.stream,
                    watch=clip.watch,
                    epoch=clip.epoch,
                    index=clip.index,
                    start=clip.start,
                    end=clip.end,
                    captured_at=clip.captured_at,
                    scores=row.numpy(),
                ),
                None,
            )
            for clip, row in zip(clips, scores, strict=True)
        ]

    def _pictures(self, clip: Clip) -> Tensor:
        """`(T, 3, crop, crop)` uint8."""
        return square([crop_to_region(picture, clip.region) for picture in clip.pictures], self._card.crop_px)

    def _scores(self, pictures: Tensor) -> Tensor:
        """`(N, T, 3, crop, crop)` uint8 → `(N, C)` scores that add up to 1."""
        pictures = pictures.to(self._device)
        if self._device.type == "cuda":
            pictures = normalised(pictures, self._card.mean, self._card.std)
        logits: Tensor = self._network(pictures)
        return torch.softmax(logits.float() / self._card.temperature, dim=1).cpu()


def _is_out_of_memory(error: Exception) -> bool:
    # torch's allocator on a CPU raises a bare RuntimeError.
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or "can't allocate memory" in str(error)
