"""Where something stands, in the words of ISA-95, and topics that say so."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from streamer.settings.values import Section

LEVELS = ("enterprise", "site", "area", "line", "cell")
"""From the outside in (ISA-95: enterprise, site, area, production line, work cell)."""
_BRACED = re.compile(r"\{([^{}]*)\}")
_LEVEL = re.compile(r"[^/+#$\x00-\x1f\x7f{}][^/+#\x00-\x1f\x7f{}]{0,63}")


def _one_level(name: str) -> str:
    if _LEVEL.fullmatch(name) is None:
        raise ValueError("must be one level of a topic: 1 to 64 characters, none of / + # { }, and no $ in front")
    return name


Level = Annotated[str, AfterValidator(_one_level)]
"""One level of a topic: no slash, no wildcard."""


class Place(Section):
    """Levels that the prefix may name."""

    enterprise: Level | None = Field(None, description="the company; null: not said")
    site: Level | None = Field(None, description="the plant or the shop")
    area: Level | None = Field(None, description="the hall or the department")
    line: Level | None = Field(None, description="the production line")
    cell: Level | None = Field(None, description="the work cell")

    @property
    def known(self) -> dict[str, str]:
        return {level: value for level in LEVELS if (value := getattr(self, level)) is not None}


def wrong_prefix(prefix: str) -> str | None:
    """What is wrong with a prefix that may name levels, as in `{site}/{line}/takt`; None: nothing."""
    if not prefix or set(prefix) & set("+#\0") or prefix.startswith(("/", "$")) or prefix.endswith("/"):
        return "must be a topic without + and #, without $ or a slash in front, without one at its end"
    if unknown := [level for level in levels_of(prefix) if level not in LEVELS]:
        return f"names {{{unknown[0]}}}, which is no level; there are {', '.join(LEVELS)}"
    return (
        "has a brace that is not closed; levels stand as {site}" if set(_BRACED.sub("", prefix)) & set("{}") else None
    )


def levels_of(prefix: str) -> list[str]:
    """The levels that a prefix names, in its order."""
    return _BRACED.findall(prefix)


def filled(prefix: str, place: dict[str, str]) -> str:
    """The prefix at a place. A part of it that names a level that the place does not say is left out: what belongs to a
    whole area stands above the lines of the area."""
    parts = [part for part in prefix.split("/") if set(levels_of(part)) <= set(place)]
    return "/".join(_BRACED.sub(lambda found: place[found.group(1)], part) for part in parts)
