"""What is told of a stream to whoever asks: who it is, how it is connected, what looks at it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Origin = Literal["file", "api"]
State = Literal["connecting", "live", "stalled", "backoff", "rejected", "stopped", "ended"]


@dataclass(frozen=True, slots=True)
class WatchView:
    """A watch as it is configured."""

    id: str
    recognizer: str
    labels: tuple[str, ...]
    region: tuple[float, float, float, float]
    """Left, top, right, bottom in fractions of the picture."""
    procedure: str | None = None
    """The name of the work that is followed."""


@dataclass(frozen=True, slots=True)
class StreamView:
    """A stream as it is now."""

    id: str
    kind: str
    """rtsp, http, file, whip or whep."""
    url: str
    """Without a password; empty where others publish."""
    watches: tuple[WatchView, ...]
    origin: Origin = "file"
    """Whether the configuration names it, or somebody added it while the service runs."""
    state: State = "connecting"
    reason: str = "connecting"
    """One word: live, a fault's word, no_frames, no_decisions."""
    words: str = ""
    """For people: what is wrong and what to do; empty where nothing is."""
    since_at: float = 0.0
    """Unix seconds from which on it is in this state."""
    epoch: int = 0
    """The connection's number; 0 before the first."""
    fps: float = 0.0
    """Pictures a second that were decoded of late."""
    blind: str = ""
    """frozen, dark or blocked; empty where pictures show something."""
