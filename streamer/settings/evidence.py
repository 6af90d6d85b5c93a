"""The sections that say which pictures are kept, for how long, and what must never be seen in them."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator, model_validator

from streamer.settings.secrets import LongToken, check_one, token_of
from streamer.settings.values import Seconds, Section, Text, check_address

Actions = tuple[Text, ...]
"""Labels, or `all`."""
Verdicts = tuple[
    Literal[
        "all",
        "done",
        "missed",
        "premature",
        "out_of_order",
        "repeated",
        "overtime",
        "undershoot",
        "undone",
        "inconclusive",
    ],
    ...,
]
Phases = tuple[Literal["started", "ended"], ...]


class WatchEvidence(Section):
    """Of which events of a watch pictures are kept. null: as `evidence` says."""

    actions: Actions | None = Field(None, description="of these actions; [all]: of every one, []: of none")
    verdicts: Verdicts | None = Field(None, description="of steps with these verdicts; likewise")
    phases: Phases | None = Field(None, description="of actions: started, ended, or both")
    before_s: Seconds | None = Field(None, description="seconds before the event")
    after_s: Seconds | None = Field(None, description="seconds after it")
    clip: bool | None = Field(None, description="whether a film is kept")
    snapshot: bool | None = Field(None, description="whether a picture is kept")

    @property
    def asks(self) -> bool:
        return bool(self.actions or self.verdicts)


class EvidenceSection(Section):
    """Pictures of events, kept in a folder and named in the event. None, until `actions` or `verdicts` say of which."""

    actions: Actions = Field((), description="pictures of these actions are kept; [all]: of every one")
    verdicts: Verdicts = Field((), description="and of steps with these verdicts; [all]: of every one")
    phases: Phases = Field(("started",), description="of actions: when they start, have ended, or both")
    before_s: Seconds = Field(5.0, description="seconds that a clip shows before the event")
    after_s: Seconds = Field(5.0, description="seconds after it")
    longest_s: Seconds = Field(30.0, description="seconds of a clip; of what takes longer the end is shown")
    clip: bool = Field(True, description="whether a film is kept")
    snapshot: bool = Field(True, description="whether a picture is kept, on which region and action are drawn")
    snapshot_size: Literal["full", "analysis"] = Field("full", description="the camera's, or what the network saw")
    folder: Path | None = Field(None, description="where they lie; null: `evidence` in data_dir")
    hours: float = Field(72.0, gt=0, le=87_600, description="hours that anything is kept")
    max_mib: int = Field(1024, ge=1, le=1_048_576, description="MiB of all files; the oldest go first")
    memory_mib: int = Field(
        16, ge=1, le=1024, description="MiB of coded pictures in memory, of each stream that has evidence"
    )
    actor_model: Path | None = Field(
        None, description="FastestDet.onnx, which finds people that are to be blurred; null: from the cache folder"
    )
    serve: bool = Field(True, description="whether files are served below /evidence/ at the address of `http`")
    url: Text | None = Field(None, description="what addresses begin with; null: the address of `http`")
    token: LongToken | None = Field(None, description="who asks for a file must know it; better as token_file")
    token_file: Path | None = Field(None, description="a file that holds the token")

    @field_validator("url")
    @classmethod
    def _web(cls, url: str | None) -> str | None:
        if url is not None:
            if "@" in url:
                raise ValueError("must not hold a password; use token_file")
            check_address(url, "http", "https")
        return url

    @model_validator(mode="after")
    def _one_token(self) -> EvidenceSection:
        check_one("token", self.token, self.token_file)
        return self

    @property
    def asks(self) -> bool:
        return bool(self.actions or self.verdicts)

    @property
    def has_token(self) -> bool:
        return self.token is not None or self.token_file is not None

    def secret(self) -> str | None:
        """The token, wherever it is kept. Raises OSError or UnicodeDecodeError where the file cannot be read."""
        return token_of(self.token, self.token_file)


def wrong_mask(mask: tuple[float, ...]) -> str | None:
    """What is wrong with a mask; None where nothing is."""
    if len(mask) == 4:
        left, top, right, bottom = mask
        if left < right and top < bottom:
            return None
    elif len(mask) >= 6 and len(mask) % 2 == 0:
        return None
    return "must be [left, top, right, bottom], or the x and y of three corners or more: [x, y, x, y, x, y, …]"
