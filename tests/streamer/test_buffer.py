"""The temporal buffer. Slots are drawn as `0123`, a lost frame as `.`, and a clip by the frames it shows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from recognizers.clip import WHOLE_PICTURE, Clip, ClipSpec, Region
from streamer.buffer import Cut, TemporalBuffer
from streamer.frame import Frame

SPEC = ClipSpec(frames=4, interval_s=0.1, hop_s=0.2, short_side_px=2)


def frame(number: int, media_s: float | None = None, epoch: int = 1) -> Frame:
    at = number * 0.1 if media_s is None else media_s
    picture = np.full((2, 2, 3), number % 256, np.uint8)
    return Frame("cam", epoch, number, 1000.0 + at, at, picture)


def buffer(spec: ClipSpec = SPEC, max_gap_s: float = 1.0) -> TemporalBuffer:
    return TemporalBuffer("cam", [Cut("bench", spec, WHOLE_PICTURE)], max_gap_s)


def shown(clip: Clip) -> list[int]:
    return [int(picture[0, 0, 0]) for picture in clip.pictures]


def push_all(cutter: TemporalBuffer, drawing: str) -> list[Clip]:
    """Push a frame for every digit of the drawing, none for a dot."""
    return [clip for n, mark in enumerate(drawing) if mark != "." for clip in cutter.push(frame(n))]


def test_clips_of_t_pictures_come_every_hop() -> None:
    clips = push_all(buffer(), "01234567")

    assert [shown(clip) for clip in clips] == [[0, 1, 2, 3], [2, 3, 4, 5], [4, 5, 6, 7]]
    assert [clip.index for clip in clips] == [0, 1, 2]
    assert all(clip.coverage == 1 for clip in clips)


def test_a_clip_knows_its_media_time_and_when_its_newest_picture_was_captured() -> None:
    clip = push_all(buffer(), "0123")[0]

    assert (clip.start, round(clip.end, 6), round(clip.captured_at, 6)) == (0.0, 0.3, 1000.3)


def test_a_lost_frame_is_repeated_and_lowers_the_coverage() -> None:
    clip = push_all(buffer(), "01.3")[0]

    assert shown(clip) == [0, 1, 1, 3]
    assert clip.coverage == 0.75


def test_a_clip_whose_last_frame_was_lost_is_cut_when_the_next_one_comes() -> None:
    clip = push_all(buffer(), "012.4")[0]

    assert shown(clip) == [0, 1, 2, 2]
    assert clip.coverage == 0.75
    assert round(clip.captured_at, 6) == 1000.2


def test_a_duplicate_picture_is_not_used() -> None:
    cutter = buffer()
    frames = [frame(0), frame(1), frame(9, media_s=0.1), frame(2), frame(3)]
    clips = [clip for one in frames for clip in cutter.push(one)]

    assert [shown(clip) for clip in clips] == [[0, 1, 2, 3]]


def test_no_clip_bridges_a_gap_and_the_index_jumps_over_it() -> None:
    clips = push_all(buffer(max_gap_s=0.3), "0123....89ABCD")

    assert [shown(clip) for clip in clips] == [[0, 1, 2, 3], [8, 9, 10, 11], [10, 11, 12, 13]]
    assert [clip.index for clip in clips] == [0, 2, 3]


def test_no_clip_spans_two_epochs() -> None:
    cutter = buffer()
    clips = [clip for n in range(3) for clip in cutter.push(frame(n))]
    clips += [clip for n in range(4) for clip in cutter.push(frame(n + 10, media_s=n * 0.1, epoch=2))]

    assert [shown(clip) for clip in clips] == [[10, 11, 12, 13]]
    assert (clips[0].epoch, clips[0].index) == (2, 0)


def test_watches_of_one_stream_share_pictures_without_a_copy() -> None:
    half = Region(right=0.5)
    cutter = TemporalBuffer("cam", [Cut("a", SPEC, WHOLE_PICTURE), Cut("b", SPEC, half)])
    one, other = push_all(cutter, "0123")

    assert (one.watch, other.watch, other.region) == ("a", "b", half)
    assert all(a is b for a, b in zip(one.pictures, other.pictures, strict=True))


CONTINUAL = replace(SPEC, continual=True)
"""Hops of two pictures, windows of four."""


def test_clips_of_a_continual_recognizer_show_each_picture_once() -> None:
    clips = push_all(buffer(CONTINUAL), "01234567")

    assert [shown(clip) for clip in clips] == [[0, 1], [2, 3], [4, 5], [6, 7]]
    assert [clip.index for clip in clips] == [0, 1, 2, 3]


def test_a_continual_clip_stands_for_the_window_that_its_answer_is_about() -> None:
    clip = push_all(buffer(CONTINUAL), "01234567")[-1]
    assert (round(clip.start, 6), round(clip.end, 6), round(clip.captured_at, 6)) == (0.4, 0.7, 1000.7)

    clip = push_all(buffer(replace(CONTINUAL, late=3)), "01234567")[-1]
    assert (round(clip.start, 6), round(clip.end, 6), round(clip.captured_at, 6)) == (0.1, 0.4, 1000.7)


def test_lost_frames_of_a_continual_clip_are_repeated_and_counted_over_the_window() -> None:
    clips = push_all(buffer(CONTINUAL), "01.345...9AB")

    assert [shown(clip) for clip in clips] == [[0, 1], [1, 3], [4, 5], [5, 5], [5, 9], [10, 11]]
    assert [clip.index for clip in clips] == [0, 1, 2, 3, 4, 5]
    assert [clip.coverage for clip in clips] == [1, 0.75, 0.75, 0.5, 0.25, 0.75]


def test_a_continual_recognizer_sees_the_break_where_a_gap_is_long() -> None:
    clips = push_all(buffer(CONTINUAL, max_gap_s=0.3), "0123....89AB")

    assert [shown(clip) for clip in clips] == [[0, 1], [2, 3], [8, 9], [10, 11]]
    assert [clip.index for clip in clips] == [0, 1, 3, 4]
    assert clips[2].coverage == 1


@given(steps=st.lists(st.floats(0.001, 0.9), max_size=120), frames=st.integers(1, 9), hop_s=st.floats(0.05, 1.2))
def test_whatever_arrives_continual_clips_of_one_run_leave_no_slot_out(
    steps: list[float], frames: int, hop_s: float
) -> None:
    spec = ClipSpec(frames, 0.1, hop_s, 2, continual=True)
    cutter, media_s, clips = buffer(spec), 0.0, []
    for number, step in enumerate(steps):
        clips += cutter.push(frame(number, media_s))
        media_s += step

    assert all(len(clip.pictures) == spec.hop and 0 <= clip.coverage <= 1 for clip in clips)
    assert [clip.index for clip in clips] == list(range(len(clips)))
    assert np.allclose(np.diff([clip.end for clip in clips]), spec.hop * spec.interval_s)
    assert sorted(seen := [number for clip in clips for number in shown(clip)]) == seen


@given(
    steps=st.lists(st.floats(0.001, 2.5), max_size=120),
    frames=st.integers(1, 9),
    hop_s=st.floats(0.05, 1.2),
)
def test_whatever_arrives_clips_are_whole_in_order_and_honest(steps: list[float], frames: int, hop_s: float) -> None:
    spec = ClipSpec(frames, 0.1, hop_s, 2)
    cutter, media_s, clips = buffer(spec), 0.0, []
    for number, step in enumerate(steps):
        clips += cutter.push(frame(number, media_s))
        media_s += step

    for clip in clips:
        assert len(clip.pictures) == frames
        assert 0 < clip.coverage <= 1
        assert len({id(p) for p in clip.pictures}) >= round(clip.coverage * frames)
        assert shown(clip) == sorted(shown(clip))
        assert abs(clip.end - clip.start - spec.span_s) < 1e-6
    ends = [(clip.index, clip.end) for clip in clips]
    assert ends == sorted(ends)
    assert len({index for index, _ in ends}) == len(ends)


def test_a_phase_delays_the_first_clip_by_less_than_a_hop_and_changes_nothing_else() -> None:
    plain, late = (TemporalBuffer("cam", [Cut("bench", SPEC, WHOLE_PICTURE, phase)]) for phase in (0.0, 0.99))
    ends = [[clip.end for number in range(60) for clip in cutter.push(frame(number))] for cutter in (plain, late)]
    assert 0 < ends[1][0] - ends[0][0] < SPEC.hop_s
    assert np.allclose(np.diff(ends[1]), SPEC.hop_s)
