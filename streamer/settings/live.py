"""Who may look at what cameras show, and what of it can be labelled."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from streamer.settings.values import Section


class LiveSection(Section):
    """Pictures for people who look: snapshots and moving ones, made only while somebody looks."""

    viewers: int = Field(64, ge=0, le=200, description="people who look at a time; 0: nobody may")
    stream_viewers: int = Field(16, ge=1, le=200, description="at one stream")
    width: int = Field(1280, ge=160, le=3840, description="pixels, the widest that is shown; never above the camera's")
    fps: float = Field(15.0, ge=1, le=30, description="pictures a second, the most that are shown")


class LabelsSection(Section):
    """Moments that people name while they look at a stream, kept as clips that `takt teach` reads."""

    folder: Path | None = Field(None, description="where clips and labels.jsonl go; null: nothing can be labelled")
    back_s: float = Field(
        30.0, ge=1, le=300, description="seconds of each stream at hand: a clip begins so far back at most"
    )
    max_mib: int = Field(4096, ge=1, le=1_048_576, description="MiB of clips in the folder; then no more are kept")
    memory_mib: int = Field(16, ge=1, le=1024, description="MiB of coded pictures in memory, of each stream")
    unmasked: bool = Field(
        False, description="whether streams with masks or blur can be labelled too; their clips show everything"
    )
