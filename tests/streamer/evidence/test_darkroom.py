"""A process makes what the service would make, and neither its end nor the service's leaves anything behind."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

import numpy as np
import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recognizers.clip import Region
from streamer.errors import ClipUnwritable, NotKept
from streamer.evidence.darkroom import Darkroom
from streamer.evidence.developing import Here
from streamer.evidence.drawing import Drawing
from streamer.evidence.parcels import (
    drawing_of,
    of_drawing,
    of_privacy,
    of_seen,
    privacy_of,
    receive,
    seen_of,
    send,
)  # fmt: skip
from streamer.evidence.privacy import Privacy
from streamer.media.decoding import Coded, coded_of
from streamer.media.packets import CodedPicture, Excerpt
from tests.streamer.evidence.test_privacy import MODEL, noise

HIDES = Privacy((((0.0, 0.0), (0.5, 0.0), (0.5, 1.0)),), "surroundings", (Region(0.2, 0.2, 0.8, 0.8),))
DRAWING = Drawing(("pick started 90%", "cam/bench"), (0.2, 0.2, 0.8, 0.8), (0.3, 0.3, 0.5, 0.5))


@pytest.fixture
def darkroom() -> Iterator[Darkroom]:
    made = Darkroom()
    yield made
    made.close()


def coded(film: Excerpt, pictures: int = 30) -> Coded:
    return coded_of(replace(film, pictures=film.pictures[:pictures]))


def test_it_makes_the_very_files_that_are_made_here(darkroom: Darkroom, film: Excerpt) -> None:
    few = coded(film)
    assert darkroom.film(few, HIDES, "what it shows") == Here().film(few, HIDES, "what it shows")
    for seen in (few, noise()):
        assert darkroom.snapshot(seen, HIDES, DRAWING) == Here().snapshot(seen, HIDES, DRAWING)


def test_what_cannot_be_made_is_told_and_the_next_is_made(darkroom: Darkroom, film: Excerpt) -> None:
    broken = replace(coded(film), pictures=(CodedPicture(b"\0" * 100, 0, 0, True),))
    with pytest.raises(ClipUnwritable, match="none of the pictures can be decoded"):
        darkroom.film(broken, HIDES, "")
    assert darkroom.snapshot(noise(), HIDES, DRAWING)


def test_a_process_that_dies_costs_one_file(darkroom: Darkroom, film: Excerpt) -> None:
    assert darkroom.snapshot(noise(), HIDES, DRAWING)
    assert darkroom._process is not None
    darkroom._process.kill()
    with pytest.raises(ClipUnwritable, match="ended"):
        darkroom.snapshot(noise(), HIDES, DRAWING)
    assert darkroom.snapshot(noise(), HIDES, DRAWING)


def test_what_takes_too_long_is_given_up(film: Excerpt) -> None:
    hasty = Darkroom(patience_s=0.0)
    with pytest.raises(ClipUnwritable, match="ended"):
        hasty.film(coded(film, 500), HIDES, "")
    hasty.close()


def test_after_the_end_nothing_is_made_and_nobody_is_left(film: Excerpt) -> None:
    darkroom = Darkroom()
    assert darkroom.snapshot(noise(), HIDES, DRAWING)
    process = darkroom._process
    assert process is not None
    darkroom.close()
    assert process.returncode is not None
    with pytest.raises(NotKept):
        darkroom.film(coded(film), HIDES, "")


KILLED = """
import os, signal, sys
from streamer.evidence.darkroom import Darkroom
from tests.streamer.evidence.test_darkroom import DRAWING, HIDES, noise
darkroom = Darkroom()
darkroom.snapshot(noise(), HIDES, DRAWING)
print(darkroom._process.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_it_ends_when_the_service_is_killed() -> None:
    killed = subprocess.run([sys.executable, "-c", KILLED], stdout=subprocess.PIPE, check=False, timeout=60)
    pid = int(killed.stdout)
    if psutil.pid_exists(pid):
        psutil.wait_procs([psutil.Process(pid)], timeout=20)
    assert not psutil.pid_exists(pid)


def test_it_leaves_the_time_to_others(darkroom: Darkroom) -> None:
    assert darkroom.snapshot(noise(), HIDES, DRAWING)
    assert darkroom._process is not None
    assert os.getpriority(os.PRIO_PROCESS, darkroom._process.pid) >= 10


@pytest.mark.skipif(not MODEL.exists(), reason=f"{MODEL} is not here")
def test_it_finds_people_by_the_network_that_it_is_given() -> None:
    people = Privacy(blur="people")
    darkroom = Darkroom(MODEL)
    try:
        hidden = darkroom.snapshot(noise(), people, DRAWING)
    finally:
        darkroom.close()
    assert hidden != Here().snapshot(noise(), people, DRAWING), "without one, everything is hidden"


@pytest.mark.skipif(not MODEL.exists(), reason=f"{MODEL} is not here")
def test_it_finds_people_also_when_they_are_to_be_hidden_later() -> None:
    people = Privacy(blur="people")
    darkroom = Darkroom()
    try:
        assert darkroom.snapshot(noise(), people, DRAWING) == Here().snapshot(noise(), people, DRAWING)
        darkroom.find_people(MODEL)
        assert darkroom.snapshot(noise(), people, DRAWING) != Here().snapshot(noise(), people, DRAWING)
        before = darkroom._process
        darkroom.find_people(MODEL)
        darkroom.snapshot(noise(), people, DRAWING)
        assert darkroom._process is before
    finally:
        darkroom.close()


def test_it_needs_no_torch() -> None:
    code = "import sys, streamer.evidence.develop; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


shares = st.floats(0, 1)
boxes = st.tuples(shares, shares, shares, shares)
packets = st.builds(CodedPicture, st.binary(max_size=50), st.integers(), st.none() | st.integers(), st.booleans())


@given(st.binary(max_size=20), st.lists(packets, min_size=1, max_size=5))
def test_coded_pictures_arrive_as_they_were_sent(extradata: bytes, pictures: list[CodedPicture]) -> None:
    sent = Coded("h264", extradata, Fraction(1, 90_000), tuple(pictures))
    said, payload = of_seen(sent)
    assert seen_of(json.loads(json.dumps(said)), payload) == sent


@given(st.lists(st.lists(st.tuples(shares, shares), min_size=3, max_size=4).map(tuple), max_size=3).map(tuple), boxes)
def test_what_is_hidden_and_drawn_arrives_as_it_was_sent(
    masks: tuple[tuple[tuple[float, float], ...], ...], box: tuple[float, float, float, float]
) -> None:
    privacy = replace(HIDES, masks=masks)
    assert privacy_of(json.loads(json.dumps(of_privacy(privacy)))) == privacy
    for drawing in (Drawing(("ä", "b"), box), Drawing((), box, box)):
        assert drawing_of(json.loads(json.dumps(of_drawing(drawing)))) == drawing


@given(st.binary(max_size=100), st.integers(0, 200))
def test_half_a_parcel_is_none(payload: bytes, cut: int) -> None:
    pipe = io.BytesIO()
    send(pipe, {"a": 1}, payload)
    whole = pipe.getvalue()
    assert receive(io.BytesIO(whole)) == ({"a": 1, "bytes": len(payload)}, payload)
    if cut < len(whole):
        assert receive(io.BytesIO(whole[:cut])) is None


def test_a_picture_arrives_as_it_was_sent() -> None:
    said, payload = of_seen(noise())
    arrived = seen_of(json.loads(json.dumps(said)), payload)
    assert isinstance(arrived, np.ndarray)
    assert np.array_equal(arrived, noise())
