"""What who publishes is told."""

from __future__ import annotations

from dataclasses import dataclass

from streamer.errors import TaktError


class Occupied(TaktError):
    """Somebody else publishes to the stream now."""


@dataclass(frozen=True, slots=True)
class Session:
    """What a publisher is told."""

    name: str
    """Names the session, and nobody guesses it."""
    answer: str
    """Session description."""
