"""Laws of clips that are cut from tracks."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recognizers.clip import ClipSpec
from recognizers.data.track import Track, squares, window_label
from recognizers.data.windows import Jitter, TrainingWindows, even_windows

FOUR, EIGHT = (ClipSpec(frames, interval_s=0.25, hop_s=0.5, short_side_px=4) for frames in (4, 8))
CALM = Jitter(speed=0.0, repeat=0.0)


def track(labels: list[int], rate_hz: float = 8.0, side: int = 4) -> Track:
    """Every picture shows its own position."""
    shown = np.arange(len(labels), dtype=np.uint8)[:, None, None, None]
    return Track("t", "g", rate_hz, np.broadcast_to(shown, (len(labels), side, side, 3)), np.array(labels, np.int64))


def positions(clip: np.ndarray) -> list[int]:
    return [int(picture[0, 0, 0]) for picture in clip]


def test_the_action_of_a_clip_is_the_one_that_fills_most_of_its_second_half() -> None:
    assert window_label([1, 1, 1, 1, 1, 0, 2, 2], 3) == (2, 0.5)
    assert window_label([2, 2, 2, 2, 1, 1, 1, 1], 3) == (1, 1.0)


def test_even_windows_are_evenly_spaced_and_clear() -> None:
    labels = [0] * 20 + [1] * 20
    cut = list(even_windows(track(labels), 2, frames=4, interval_s=0.25, hop_s=0.5, clear=0.75))
    assert all(np.diff(positions(clip)).tolist() == [2, 2, 2] for clip, _ in cut)
    assert [label for _, label in cut] == [labels[positions(clip)[-1]] for clip, _ in cut]
    assert all(labels[positions(clip)[-1]] == labels[positions(clip)[-2]] for clip, _ in cut)


def test_training_clips_carry_the_label_they_were_drawn_for() -> None:
    windows = TrainingWindows([track([0] * 12 + [1] * 12 + [2] * 12)], [2, 1, 1], 0, FOUR, CALM)
    clips, labels = windows.batch(60, np.random.default_rng(1))
    for clip, label in zip(clips, labels, strict=True):
        newer = [at // 12 for at in positions(clip)[2:]]
        assert label in newer
    assert set(labels.tolist()) == {0, 1, 2}


def test_labels_come_up_as_often_as_is_asked() -> None:
    windows = TrainingWindows([track([0] * 20 + [1] * 20 + [2] * 20)], [2, 1, 1], 0, FOUR, CALM)
    _, labels = windows.batch(4000, np.random.default_rng(2))
    assert np.bincount(labels) / 4000 == pytest.approx([0.5, 0.25, 0.25], abs=0.03)


def test_an_action_that_no_track_shows_is_named() -> None:
    assert TrainingWindows([track([0] * 9 + [2] * 9)], [2, 1, 1], 0, FOUR, CALM).missing == [1]


def test_a_recording_shorter_than_a_clip_is_seen_from_its_first_picture_on() -> None:
    windows = TrainingWindows([track([1, 1, 1])], [1, 1], 0, EIGHT, CALM)
    clips, _ = windows.batch(1, np.random.default_rng(3))
    assert positions(clips[0]) == [0] * 7 + [2]


@given(st.integers(0, 2**32 - 1), st.floats(0, 0.5), st.floats(0, 1), st.floats(0, 1))
def test_jitter_keeps_the_order_of_pictures(seed: int, speed: float, repeat: float, splice: float) -> None:
    windows = TrainingWindows([track([1] * 40)], [1, 1], 0, EIGHT, Jitter(speed, repeat, splice))
    clips, _ = windows.batch(2, np.random.default_rng(seed))
    for clip in clips:
        newer = positions(clip)[4:]
        assert newer == sorted(newer)


def test_background_may_be_a_picture_of_an_action_through_which_at_most_something_small_moves() -> None:
    windows = TrainingWindows([track([0] * 30 + [1] * 30, side=16)], [1, 1], 0, FOUR, Jitter(still=1.0))
    clips, labels = windows.batch(80, np.random.default_rng(4))
    unmoved = [(clip == clip[0]).all(axis=(0, 3)).mean() for clip in clips[labels == 0]]
    assert min(unmoved) > 0.5
    assert 0.3 < np.mean([share == 1 for share in unmoved]) < 0.7
    assert any(positions(clip)[0] >= 30 for clip in clips[labels == 0])
    assert max((clip == clip[0]).mean() for clip in clips[labels == 1]) < 1


def test_the_same_draw_gives_the_same_batch() -> None:
    windows = TrainingWindows([track([0] * 30 + [1] * 30)], [1, 1], 0, FOUR, Jitter(splice=0.5))
    one, other = (windows.batch(9, np.random.default_rng(5)) for _ in range(2))
    assert np.array_equal(one[0], other[0])
    assert np.array_equal(one[1], other[1])


def test_squares_are_what_the_live_transform_makes() -> None:
    pictures = [np.full((20, 40, 3), value, np.uint8) for value in (7, 9)]
    assert squares(pictures, 10).shape == (2, 10, 10, 3)
    assert squares(pictures, 10)[1].max() == 9
