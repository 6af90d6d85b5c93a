"""What was found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

AREAS = ("machine", "files", "disk", "broker", "cameras", "recognizers")
"""What is cheap to look at comes first."""


class Grade(StrEnum):
    """How bad it is."""

    GOOD = "good"
    WARNING = "warning"
    """It works, and may not tomorrow, or is less than it could be."""
    BAD = "bad"
    """It does not work."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. Holds no secret."""

    area: str
    about: str
    """What was looked at, e.g. a stream's id or a folder."""
    grade: Grade
    says: str
    fix: str = ""
    """What to do; empty where nothing is to be done."""


@dataclass(frozen=True, slots=True)
class Notes:
    """Findings of one thing in the making."""

    area: str
    about: str
    found: list[Finding]

    @classmethod
    def of(cls, area: str, about: str) -> Notes:
        return cls(area, about, [])

    def good(self, says: str) -> None:
        self.found.append(Finding(self.area, self.about, Grade.GOOD, says))

    def warn(self, says: str, fix: str) -> None:
        self.found.append(Finding(self.area, self.about, Grade.WARNING, says, fix))

    def bad(self, says: str, fix: str) -> None:
        self.found.append(Finding(self.area, self.about, Grade.BAD, says, fix))
