"""A picture and when it was taken."""

from __future__ import annotations

from dataclasses import dataclass

from recognizers.clip import Picture


@dataclass(frozen=True, slots=True)
class Blind:
    """Why pictures show nothing, though they come."""

    reason: str
    """frozen, dark or blocked."""
    since_s: float
    """Media seconds."""
    lasting: bool = True
    """Whether it has been so for long enough to be told; nothing is believed from the first moment on."""


@dataclass(frozen=True, slots=True, repr=False)
class Frame:
    """One decoded picture at analysis size, with media time and wall time."""

    stream: str
    epoch: int
    """One unbroken connection of the stream; grows with every new one, also when time jumps or nothing decodes."""
    index: int
    """Number of this frame among all decoded frames of the epoch (frames that nobody asked for leave holes)."""
    captured_at: float
    """Unix seconds, UTC: media time plus a wall offset that never steps within an epoch."""
    media_s: float
    """Seconds of media time since the epoch's first frame; durations come from this alone."""
    picture: Picture
    blind: Blind | None = None
    """None: it can see, as far as is known."""

    def __repr__(self) -> str:
        name = f"{self.stream} epoch={self.epoch} index={self.index}"
        return f"Frame({name} media_s={self.media_s:.3f} {self.picture.shape})"
