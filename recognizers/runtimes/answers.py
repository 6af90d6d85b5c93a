"""What every recognizer of this package does around its network."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from recognizers.card import Card, Usual
from recognizers.clip import Clip
from recognizers.errors import DeviceFailed, OutOfDeviceMemory
from recognizers.prediction import Actors, Prediction
from recognizers.recognizer import Answer, State

ToLogits = Callable[[Sequence[Clip], Sequence[State | None]], tuple[Tensor, Sequence[State | None]]]
"""Clips, and what was known before each → logits `(N, C)`, and what is known after each."""


def own_device() -> torch.device:
    """A GPU where there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


@contextmanager
def on_device(threads: int, clips: int) -> Iterator[None]:
    """Inference with so many CPU threads; what the device's libraries raise becomes ours.

    Raises:
        OutOfDeviceMemory: fewer clips at once may fit.
        DeviceFailed: not these; the next may be answered.
    """
    torch.set_num_threads(threads)
    try:
        with torch.inference_mode():
            yield
    except (RuntimeError, MemoryError) as error:
        if _is_out_of_memory(error):
            torch.cuda.empty_cache()
            raise OutOfDeviceMemory(f"a batch of {clips} clips does not fit the device") from error
        if _is_of_the_device(error):
            first_line, *_ = str(error).partition("\n")
            raise DeviceFailed(f"the device failed: {first_line}") from error
        raise


def answered(
    look: ToLogits, clips: Sequence[Clip], states: Sequence[State | None], card: Card, threads: int
) -> list[Answer]:
    """Answer each clip. Safe to call from one thread at a time.

    Raises:
        OutOfDeviceMemory: fewer clips at once may fit.
        DeviceFailed: not these; the next may be answered.
    """
    if not clips:
        return []
    with on_device(threads, len(clips)):
        logits, known = look(clips, states)
        return answers(clips, logits, card, known)


def answers(clips: Sequence[Clip], logits: Tensor, card: Card, states: Sequence[State | None]) -> list[Answer]:
    """Each clip's prediction of its logits `(N, C)`, calibrated as the card says, beside what is known for the watch's
    next clip: nothing where logits are not finite, or a state that broke would break whatever follows."""
    scores = scores_of(logits, card).cpu().numpy()
    energies, abstained = known_by("energy", logits.float(), card.temperature).tolist(), abstains(logits, card).tolist()
    distances = None if card.usual is None else distance_of(logits, card.usual)
    said: list[Answer] = []
    for n, (clip, row, state) in enumerate(zip(clips, scores, states, strict=True)):
        one = prediction_of(clip, row, exclusive=not card.multilabel)
        far = None if distances is None else float(distances[n])
        one = replace(one, energy=energies[n], abstained=abstained[n], distance=far)
        said.append((one, state if one.is_finite else None))
    return said


def prediction_of(clip: Clip, scores: NDArray[np.float32], exclusive: bool, actors: Actors | None = None) -> Prediction:
    """With the clip's header."""
    return Prediction(
        stream=clip.stream,
        watch=clip.watch,
        epoch=clip.epoch,
        index=clip.index,
        start=clip.start,
        end=clip.end,
        captured_at=clip.captured_at,
        zero_at=clip.zero_at,
        scores=scores,
        exclusive=exclusive,
        actors=actors,
    )


def scores_of(logits: Tensor, card: Card) -> Tensor:
    """`(N, C)` → the same in [0, 1], calibrated; all of it the background's where the recognizer abstains, and NaN for
    a clip with a logit that is not finite."""
    logits = logits.float()
    if card.multilabel:
        scores = (logits / card.temperature).sigmoid()
    else:  # from the largest on, so that none grows beyond all numbers
        scores = ((logits - logits.amax(dim=1, keepdim=True)) / card.temperature).softmax(dim=1)
    nothing = F.one_hot(torch.tensor(card.labels.index(card.background)), len(card.labels)).to(scores)
    scores = torch.where(abstains(logits, card)[:, None], nothing, scores)
    return scores.masked_fill(~logits.isfinite().all(dim=1, keepdim=True), torch.nan)


def abstains(logits: Tensor, card: Card) -> Tensor:
    """`(N, C)` → `(N,)` whether a recognizer with this card does not know what it saw."""
    if card.abstain is None:
        return torch.zeros(len(logits), dtype=torch.bool, device=logits.device)
    return known_by(card.abstain.by, logits.float(), card.temperature) < card.abstain.threshold


def known_by(measure: str, logits: Tensor, temperature: float) -> Tensor:
    """`(N, C)` → `(N,)` how well a network knows what it sees; see `MEASURES`."""
    if measure == "max_logit":
        return logits.amax(dim=1)
    return temperature * (logits / temperature).logsumexp(dim=1)


def distance_of(logits: Tensor, usual: Usual) -> Tensor | None:
    """`(N, C)` → `(N,)` the distance from the nearest centre, as a root mean square over logits in their usual widths
    (a Mahalanobis distance with a diagonal covariance: Lee et al., NeurIPS 2018, on the last layer); None of a card
    that says no centres."""
    if not usual.centres:
        return None
    centres, widths = (torch.tensor(one, device=logits.device) for one in (usual.centres, usual.widths))
    apart = (logits.float()[:, None] - centres) / widths
    return apart.square().mean(dim=2).sqrt().amin(dim=1)


def _is_out_of_memory(error: Exception) -> bool:
    # torch's allocator on a CPU raises a bare RuntimeError.
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or "can't allocate memory" in str(error)


def _is_of_the_device(error: Exception) -> bool:
    # The libraries on the device speak through bare RuntimeErrors too ("cuDNN error: …"); wrong shapes say cuda:0.
    return isinstance(error, torch.AcceleratorError) or "CUDA" in str(error) or "cuDNN" in str(error)
