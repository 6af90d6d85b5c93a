"""What a recognizer looks at: a clip, and how it wants its clips cut."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
"""One picture, `(H, W, 3)` uint8 RGB. Never written after it was handed over."""


@dataclass(frozen=True, slots=True)
class ClipSpec:
    """How clips are cut: by time, never by frame count (cameras drop frames and lie about their rate)."""

    frames: int
    """Pictures in a clip (T, at the fast rate)."""
    interval_s: float
    """Seconds of media time between two pictures of a clip."""
    hop_s: float
    """Seconds of media time from one clip to the next."""
    short_side_px: int
    """The smallest short side of the region, in pixels, that the recognizer can use."""
    continual: bool = False
    """Clips show each picture once, one after the other, and the recognizer remembers those before: a clip is a hop."""
    late: int = 0
    """Pictures by which a continual recognizer's answer is about an earlier window than the one that ends with the
    newest picture."""
    square: bool = True
    """Whether only the central square of the region is looked at."""

    def __post_init__(self) -> None:
        if self.frames < 1:
            raise ValueError(f"frames is {self.frames}; a clip needs at least 1 picture")
        if not (self.interval_s > 0 and self.hop_s > 0):
            raise ValueError(f"interval_s is {self.interval_s} and hop_s is {self.hop_s}; both must be above 0")
        if self.short_side_px < 1:
            raise ValueError(f"short_side_px is {self.short_side_px}; it must be at least 1")
        if self.late < 0 or (self.late and not self.continual):
            raise ValueError(f"late is {self.late}; it must be 0, or at least 0 of a continual recognizer")

    @property
    def hop(self) -> int:
        """Pictures from one clip to the next."""
        return max(1, round(self.hop_s / self.interval_s))

    @property
    def pictures(self) -> int:
        """Pictures that a clip holds: T, or those that are new."""
        return self.hop if self.continual else self.frames

    @property
    def span_s(self) -> float:
        """Seconds from the first picture of a window of T to its last."""
        return (self.frames - 1) * self.interval_s


LONGEST_HOP = 4
"""Windows that may pass from one answer of a continual recognizer to the next: its pictures are kept till then."""


def wrong_hop(spec: ClipSpec, given: Mapping[str, object]) -> str | None:
    """What is wrong with how often clips come, where a recognizer is given settings; `None` where nothing is.

    With `state: carried` it goes on from clip to clip with the pictures that are new, which must all be shown to it;
    with `mode: stream` or `delayed` each clip holds all of them.
    """
    hop, window = spec.hop_s / spec.interval_s, f"{spec.frames * spec.interval_s:g}"
    if hop <= 0.5:
        return (
            f"hop_s: {spec.hop_s:g} s is no picture further, since pictures of a clip are {spec.interval_s:g} s apart; "
            f"give at least {spec.interval_s:g}"
        )
    if given.get("state") == "carried" and spec.hop > spec.frames:
        return (
            f"hop_s: with state: carried, pictures between two clips {spec.hop_s:g} s apart would never be seen, since "
            f"a clip spans {window} s; give at most {window}, or state: windowed"
        )
    if given.get("mode") in ("stream", "delayed") and hop > LONGEST_HOP * spec.frames:
        return (
            f"hop_s: all pictures of {spec.hop_s:g} s would be kept until they are looked at, and a window is "
            f"{window} s; give at most {LONGEST_HOP * spec.frames * spec.interval_s:g}, or mode: window"
        )
    return None


@dataclass(frozen=True, slots=True)
class Region:
    """A rectangle of the picture, in fractions of its width and height (xyxy in [0, 1])."""

    left: float = 0.0
    top: float = 0.0
    right: float = 1.0
    bottom: float = 1.0

    def __post_init__(self) -> None:
        if not (0 <= self.left < self.right <= 1 and 0 <= self.top < self.bottom <= 1):
            raise ValueError(
                f"region {(self.left, self.top, self.right, self.bottom)} is not [left, top, right, bottom] "
                "with 0 <= left < right <= 1 and 0 <= top < bottom <= 1"
            )

    def square_share(self, width: int, height: int) -> float:
        """How much of the region its central square covers in a picture of this size, in (0, 1]."""
        wide, high = (self.right - self.left) * width, (self.bottom - self.top) * height
        return min(wide, high) / max(wide, high)


WHOLE_PICTURE = Region()


@dataclass(frozen=True, slots=True, repr=False)
class Clip:
    """Pictures of one watch, evenly spaced in media time. Never spans two epochs."""

    stream: str
    watch: str
    epoch: int
    index: int
    """Counts the clips of this watch in this epoch, from 0; a jump tells a stateful recognizer to forget."""
    start: float
    """Media seconds of the first slot of the T that the answer is about; of a continual recognizer's clip, which holds
    the newest pictures alone, long before it."""
    end: float
    """Media seconds of the last slot that the answer is about."""
    captured_at: float
    """Unix seconds at which the newest picture was captured."""
    zero_at: float
    """Unix seconds of media time 0, as the wall offset stood at the newest picture: a moment's wall time is this plus
    its media seconds."""
    region: Region
    coverage: float
    """Share of the newest T slots that had a picture of their own, in [0, 1]; the others repeat the one before."""
    pictures: tuple[Picture, ...]
    """T pictures, or a continual recognizer's new ones, of the whole camera view at analysis size; cropping to
    `region` is the recognizer's transform."""

    def __repr__(self) -> str:
        shape = self.pictures[0].shape if self.pictures else ()
        return (
            f"Clip({self.stream}/{self.watch} epoch={self.epoch} index={self.index} "
            f"{self.start:.3f}..{self.end:.3f}s coverage={self.coverage:.2f} pictures={len(self.pictures)}x{shape})"
        )
