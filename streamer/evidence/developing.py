"""Films and pictures of which something is hidden, or on which something is drawn."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from recognizers.clip import Picture
from recognizers.estimators.base import ActorDetector
from streamer.evidence.drawing import Drawing, drawn
from streamer.evidence.privacy import Privacy, Redactor
from streamer.media.decoding import Coded, Shown, decoded, newest
from streamer.media.film import filmed
from streamer.media.jpeg import jpeg


class Developer(Protocol):
    """Makes files of pictures. Everything in them that must not be seen is hidden. Asked by one thread."""

    def film(self, coded: Coded, privacy: Privacy, said: str) -> bytes:
        """An MP4; `said`: what it says of itself.

        Raises:
            NotKept: there is no time left.
            ClipUnwritable: it cannot be made of these pictures.
        """
        ...

    def snapshot(self, seen: Coded | Picture, privacy: Privacy, drawing: Drawing) -> bytes:
        """A JPEG of a picture, or of the last one, with something drawn on it. Raises the same."""
        ...

    def close(self) -> None:
        """Any thread: nothing is made any more, also not what is being made."""
        ...


class Here:
    """Made where it is asked for, while whoever asks waits. See `Developer`."""

    def __init__(self, detector: ActorDetector | None = None) -> None:
        """`detector`: finds people that are to be hidden; without one, all of a picture is, where they are to be."""
        self._detector = detector
        self._redactors: dict[Privacy, Redactor] = {}

    def film(self, coded: Coded, privacy: Privacy, said: str) -> bytes:
        shown = self._redactor(privacy).film(decoded(coded))
        return filmed(map(_even, shown), len(coded.pictures), said)

    def snapshot(self, seen: Coded | Picture, privacy: Privacy, drawing: Drawing) -> bytes:
        picture = newest(seen) if isinstance(seen, Coded) else seen
        return jpeg(drawn(self._redactor(privacy).still(picture), drawing))

    def close(self) -> None:
        """What is being made is made."""

    def _redactor(self, privacy: Privacy) -> Redactor:
        """One for each stream: it remembers its masks."""
        if privacy not in self._redactors:
            self._redactors[privacy] = Redactor(privacy, self._detector)
        return self._redactors[privacy]


def _even(one: Shown) -> Shown:
    """A side of odd length, of which H.264 knows none, loses its last pixel."""
    at_s, picture = one
    height, width = (side & ~1 for side in picture.shape[:2])
    return at_s, np.ascontiguousarray(picture[:height, :width])
