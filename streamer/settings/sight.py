"""What is said of the work that a camera sees, besides its steps: whether it sees it, and which unit it is."""

from __future__ import annotations

from pydantic import Field, field_validator

from streamer.settings.values import Seconds, Section, Share, Text


class SightSection(Section):
    """When pictures come and show nothing: then nothing is missed, and the stream's status says so."""

    frozen_s: Seconds = Field(10.0, description="seconds of the very same picture; 0: never")
    dark_below: float = Field(32.0, ge=0, le=255, description="nearly all of it is darker than this, of 255; 0: never")
    blocked_below: Share = Field(0.15, description="a smaller share of its parts has any texture; 0: never")
    after_s: Seconds = Field(1.0, description="seconds for which it is dark or blocked before that is told")


class UnitSection(Section):
    """Where it is said which unit is worked on: by a scanner, a MES."""

    topic: Text | None = Field(None, description="a topic filter, as it stands (no prefix is added); null: none")
    field: Text | None = Field(
        None, description="the key that holds the unit's name, with dots into objects; null: the payload is the name"
    )
    work_order: Text | None = Field(None, description="likewise, of the work order; null: none is given")
    grace_s: Seconds = Field(10.0, description="seconds after work began for which a name is still of this unit")

    @field_validator("topic")
    @classmethod
    def _filter(cls, topic: str | None) -> str | None:
        levels = (topic or "").split("/")
        if "#" in levels[:-1] or any(set(level) & set("+#") and level not in ("+", "#") for level in levels):
            raise ValueError("must be a topic filter: + stands for one level, # for all that follow")
        return topic
