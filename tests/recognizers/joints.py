"""Published networks that find joints, and pictures of people; tests that need them are left out where they are not."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import av
import numpy as np
import pytest

SHARED = Path(__file__).parents[3] / "shared"
POSE, HANDS = SHARED / "models/pose.task", SHARED / "models/hand.task"
PEOPLE = SHARED / "data/clips/asl"
"""Somebody in front of a camera who makes a sign, a film each."""

needs_models = pytest.mark.skipif(
    not (POSE.is_file() and HANDS.is_file()), reason="no networks that find joints in ../shared/models"
)
needs_people = pytest.mark.skipif(not PEOPLE.is_dir(), reason="no films of people in ../shared/data/clips")


@cache
def picture_of(sign: str, number: int = 30) -> np.ndarray:
    """One picture of a film, `(360, 480, 3)`, that cannot be written to."""
    with av.open(str(PEOPLE / f"{sign}.mp4")) as film:
        picture = next(frame for n, frame in enumerate(film.decode(video=0)) if n == number).to_ndarray(format="rgb24")
    picture.setflags(write=False)
    return picture
