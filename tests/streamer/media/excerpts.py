"""Coded pictures for tests: made by hand, or taken from a film."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av

from streamer.media.mp4 import Copier, coding_of
from streamer.media.packets import CodedPicture, Coding, Excerpt

CODING = Coding("h264", Fraction(1, 10), None)
"""Ten units of time a second."""


def picture(at: int, size: int = 100, key: bool = False) -> CodedPicture:
    return CodedPicture(b"x" * size, at, at, key)


def taken(film: Path) -> Excerpt:
    """All of a film."""
    with av.open(str(film)) as container:
        stream = container.streams.video[0]
        coding = coding_of(stream)
        copier = Copier(float(coding.time_base))
        pictures = tuple(one for packet in container.demux(stream) for one in copier.copied(packet))
    return Excerpt(1, coding, pictures, 0.0)


def shuffled_times(excerpt: Excerpt, shift: int) -> Excerpt:
    """The same pictures, later by so many units."""
    later = (
        replace(one, pts=one.pts + shift, dts=None if one.dts is None else one.dts + shift) for one in excerpt.pictures
    )
    return replace(excerpt, pictures=tuple(later))
