"""A network as the service runs it: what answers, and which one it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from recognizers.card import Usual
from recognizers.clip import WHOLE_PICTURE, Clip
from recognizers.recognizer import Recognizer


@dataclass(frozen=True, slots=True)
class Model:
    """A recognizer that was loaded, with its name for people and its name for good."""

    recognizer: Recognizer
    checkpoint: str
    """As it was named: a path, `bundled:NAME`, a folder or a model of the hub."""
    id: str
    """See `recognizers.identity`."""
    thresholds: Mapping[str, float] = field(default_factory=dict)
    """The smoothed score at which each action begins, as the checkpoint's card says, if it says any."""
    usual: Usual | None = None
    """What its card calls usual; None: it says nothing, or the configuration runs it in another way."""


def warm_up(recognizer: Recognizer) -> None:
    """Let a recognizer answer a clip that shows nothing, so that it need not begin with a camera's.

    Raises what it raises.
    """
    spec = recognizer.spec
    picture = np.zeros((spec.short_side_px, spec.short_side_px * 16 // 9, 3), np.uint8)
    clip = Clip(
        stream="", watch="", epoch=0, index=0, start=0.0, end=spec.span_s, captured_at=0.0, zero_at=0.0,
        region=WHOLE_PICTURE, coverage=1.0, pictures=(picture,) * spec.pictures,
    )  # fmt: skip
    recognizer.recognize([clip], [None])
