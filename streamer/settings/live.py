"""Who may look at what cameras show, and how much of it."""

from __future__ import annotations

from pydantic import Field

from streamer.settings.values import Section


class LiveSection(Section):
    """Pictures for people who look: snapshots and moving ones, made only while somebody looks."""

    viewers: int = Field(64, ge=0, le=200, description="people who look at a time; 0: nobody may")
    stream_viewers: int = Field(16, ge=1, le=200, description="at one stream")
    width: int = Field(1280, ge=160, le=3840, description="pixels, the widest that is shown; never above the camera's")
    fps: float = Field(15.0, ge=1, le=30, description="pictures a second, the most that are shown")
