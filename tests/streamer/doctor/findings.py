"""Findings in short."""

from __future__ import annotations

from collections.abc import Iterable

from streamer.doctor import Finding, Grade


def grades(findings: Iterable[Finding]) -> list[tuple[str, str]]:
    """Of each, how bad it is and the first words of what it says."""
    return [(str(one.grade), one.says) for one in findings]


def worst(findings: Iterable[Finding]) -> list[Finding]:
    """All but the good ones; each says what to do."""
    found = [one for one in findings if one.grade is not Grade.GOOD]
    assert all(one.fix for one in found)
    return found
