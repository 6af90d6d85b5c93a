"""Laws of the simulated cell."""

from itertools import pairwise

import numpy as np
import pytest

from recognizers.data.synthetic import ACTIONS, IDLE, LABELS, Elsewhere, Script, Segment, WorkCell
from recognizers.data.synthetic.pose import Places, pose, start

PLACES = Places(bin=(0.3, 0.2), nest=(0.6, 0.4), axis=(0.8, 0.4), tray=(1.0, 0.4), rest=(0.9, 0.8),
                other_rest=(0.5, 0.9), hold=(0.7, 0.7))  # fmt: skip


def test_the_same_seed_draws_the_same_pictures_whatever_was_asked_before() -> None:
    once, again = WorkCell(3, 120), WorkCell(3, 120)
    moments = [41.0, 0.0, 7.3, 7.3]
    later = [again.draw(moment) for moment in sorted(moments)]
    earlier = {moment: once.draw(moment) for moment in moments}
    assert all(np.array_equal(earlier[moment], picture) for moment, picture in zip(sorted(moments), later, strict=True))


def test_another_seed_is_another_operator_under_another_light() -> None:
    assert WorkCell(1).script.tempo != WorkCell(2).script.tempo
    assert not np.array_equal(WorkCell(1, 120).draw(0.0), WorkCell(2, 120).draw(0.0))


def test_pictures_are_rgb_of_even_size() -> None:
    picture = WorkCell(1, 240).draw(1.0)
    assert picture.dtype == np.uint8
    assert picture.shape == (240, 320, 3)


def test_segments_follow_each_other_without_holes_and_every_action_comes_up() -> None:
    segments = Script(5).until(300.0)
    assert all(one.end_s == following.start_s for one, following in pairwise(segments))
    assert {segment.label for segment in segments} == set(LABELS)
    assert len(LABELS) == len(set(LABELS)) == 7
    assert all(one.label == IDLE for one in segments[::2])


@pytest.mark.parametrize("at_s", [0.0, 12.34, 250.0])
def test_a_moment_lies_in_the_segment_that_the_script_names(at_s: float) -> None:
    script = Script(9)
    segment = script.segments[script.at(at_s)]
    assert segment.start_s <= at_s < segment.end_s


def test_loosening_shows_the_pictures_of_tightening_in_opposite_order() -> None:
    tighten, loosen = Segment("tighten", 0.0, 4.0, 0.3), Segment("loosen", 0.0, 4.0, 0.3)
    before = start(PLACES)
    tightened = pose(PLACES, tighten, 4.0, before)
    for moment in np.linspace(0, 4, 33):
        forward = pose(PLACES, tighten, float(moment), before)
        backward = pose(PLACES, loosen, 4.0 - float(moment), tightened)
        assert backward.hand == pytest.approx(forward.hand)
        assert backward.other == pytest.approx(forward.other)
        assert backward.crank == pytest.approx(forward.crank)


@pytest.mark.parametrize("label", ACTIONS)
def test_hands_never_jump(label: str) -> None:
    segment, before = Segment(label, 10.0, 12.0, 0.6), start(PLACES)
    if label == "place":
        before = pose(PLACES, Segment("pick", 0.0, 2.0, 0.6), 2.0, before)
    at = [pose(PLACES, segment, float(moment), before).hand for moment in np.linspace(10, 12, 201)]
    assert at[0] == pytest.approx(before.hand)
    assert max(np.hypot(a[0] - b[0], a[1] - b[1]) for a, b in pairwise(at)) < 0.06


def test_a_picked_part_travels_with_the_hand_until_it_is_placed() -> None:
    picked = pose(PLACES, Segment("pick", 0.0, 2.0, 0.5), 2.0, start(PLACES))
    assert picked.part == picked.hand == pytest.approx(PLACES.hold)
    waiting = pose(PLACES, Segment(IDLE, 2.0, 3.0, 0.45), 2.5, picked)
    assert waiting.part == waiting.hand
    placed = pose(PLACES, Segment("place", 3.0, 5.0, 0.5), 5.0, picked)
    assert placed.part == PLACES.nest
    assert placed.hand == pytest.approx(PLACES.rest)
    assert pose(PLACES, Segment("put_away", 5.0, 7.0, 0.5), 7.0, placed).part is None


def test_something_moves_while_something_is_done() -> None:
    cell = WorkCell(4, 120)
    segment = next(one for one in cell.truth(60.0) if one.label == "tighten")
    middle = (segment.start_s + segment.end_s) / 2
    moved = np.abs(cell.draw(middle).astype(int) - cell.draw(middle + 0.3)).max(axis=2) > 60
    assert moved.mean() > 0.003


def test_other_scenes_are_deterministic_and_unlike_each_other() -> None:
    assert np.array_equal(Elsewhere(8, 96).draw(2.0), Elsewhere(8, 96).draw(2.0))
    assert not np.array_equal(Elsewhere(8, 96).draw(2.0), Elsewhere(9, 96).draw(2.0))
