"""One stream's pure stages: epochs begin and end, and nothing stays open."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from recognizers.clip import WHOLE_PICTURE, ClipSpec
from recognizers.prediction import Actors, Prediction
from streamer.event import ActionEvent, Phase, Reason
from streamer.frame import Frame
from streamer.segmenter import EventRule
from streamer.stages import StreamStages, Watch

SPEC = ClipSpec(frames=2, interval_s=0.1, hop_s=0.1, short_side_px=2)


def stages(frames: int = SPEC.frames) -> StreamStages:
    spec = replace(SPEC, frames=frames)
    rules = {"default": EventRule(release_s=0.0, smooth_s=0.0)}
    return StreamStages(
        "cam", [Watch("bench", "net", spec, ("idle", "pick"), "idle", WHOLE_PICTURE, min_coverage=0.5, rules=rules)]
    )


def prediction(epoch: int, media_s: float, pick: float) -> Prediction:
    scores = np.array([1 - pick, pick], np.float32)
    return Prediction("cam", "bench", epoch, 0, media_s - 1, media_s, 1000.0 * epoch + media_s, 1000.0 * epoch, scores)


def test_a_prediction_of_an_epoch_that_is_over_says_nothing() -> None:
    stream = stages()
    stream.begin(1)
    stream.end(Reason.SOURCE_LOST)
    stream.begin(2)

    assert stream.observe(prediction(1, 5, 0.9)) == []


def test_a_lost_source_ends_what_is_open_exactly_once() -> None:
    stream = stages()
    stream.begin(1)
    stream.observe(prediction(1, 1, 0.9))

    assert [event.reason for event in stream.end(Reason.SOURCE_LOST)] == [Reason.SOURCE_LOST]
    assert stream.end(Reason.SHUTDOWN) == []


def test_where_people_are_told_apart_each_has_events_and_the_epoch_ends_them_all() -> None:
    stream = stages()
    stream.begin(1)
    assert stream.people() == {}
    boxes = np.array([[0.1, 0.2, 0.3, 0.9], [0.6, 0.2, 0.8, 0.9]], np.float32)
    actors = Actors(boxes, np.ones(2, np.float32), np.array([[0.1, 0.9]] * 2, np.float32))
    for media_s in (1, 2):
        events = stream.observe(replace(prediction(1, media_s, 0.9), exclusive=False, actors=actors))

    assert [(event.actor.id if event.actor else None, event.action) for event in events] == [(1, "pick"), (2, "pick")]
    assert stream.people() == {"bench": 2}
    ended = stream.end(Reason.SOURCE_LOST)
    assert {event.action_id for event in ended} == {event.action_id for event in events}
    assert stream.people() == {}
    stream.begin(2)
    again = [stream.observe(replace(prediction(2, s, 0.9), exclusive=False, actors=actors)) for s in (1, 2)][1]
    assert not {event.action_id for event in again} & {event.action_id for event in ended}


@given(st.lists(st.one_of(st.floats(0, 1), st.just(None)), max_size=60))
def test_over_any_scores_and_outages_each_id_has_one_start_and_one_end(script: list[float | None]) -> None:
    """A number is a prediction; None is a lost camera that comes back."""
    stream, epoch, media_s = stages(), 1, 0.0
    stream.begin(epoch)
    events: list[ActionEvent] = []
    for step in script:
        media_s += 0.5
        if step is None:
            events += stream.end(Reason.SOURCE_LOST)
            epoch, media_s = epoch + 1, 0.0
            stream.begin(epoch)
        else:
            events += stream.observe(prediction(epoch, media_s, step))
    events += stream.end(Reason.SHUTDOWN)

    started = Counter(event.action_id for event in events if event.phase is Phase.STARTED)
    ended = Counter(event.action_id for event in events if event.phase is Phase.ENDED)
    assert started == ended
    assert set(started.values()) <= {1}


@given(
    lost=st.lists(st.booleans(), min_size=30, max_size=150),
    late_s=st.floats(-0.04, 0.04),
    scores=st.lists(st.sampled_from([0.1, 0.9]), min_size=1, max_size=12),
)
def test_whichever_pictures_are_lost_moments_are_media_time_by_the_wall(
    lost: list[bool], late_s: float, scores: list[float]
) -> None:
    """Between start and end lie exactly as many seconds by the wall as the duration says, where nothing is slewed."""
    stream, wall = stages(frames=6), 1_700_000_000.0
    stream.begin(1)
    events: list[ActionEvent] = []
    for number, gone in enumerate(lost):
        media_s = max(0.0, number * 0.1 + late_s)
        if gone:
            continue
        picture = np.zeros((2, 2, 3), np.uint8)
        for clip in stream.cut(Frame("cam", 1, number, wall + media_s, media_s, picture)):
            assert clip.captured_at <= wall + media_s
            newest = max(n for n in range(number + 1) if not lost[n] and n * 0.1 + late_s < clip.end + 0.05)
            assert abs(clip.captured_at - wall - max(0.0, newest * 0.1 + late_s)) < 1e-6
            score = scores[clip.index // 4 % len(scores)]
            header = (clip.stream, clip.watch, clip.epoch, clip.index, clip.start, clip.end)
            row = np.array([1 - score, score], np.float32)
            now = stream.observe(Prediction(*header, clip.captured_at, clip.zero_at, row))
            assert all(abs(event.at - wall - clip.end) < 1e-6 for event in now)
            events += now
    events += stream.end(Reason.SOURCE_ENDED)
    started = {event.action_id: event for event in events if event.phase is Phase.STARTED}
    for event in events:
        assert event.started_at == started[event.action_id].at
        if event.phase is Phase.ENDED:
            assert event.duration_s is not None
            assert abs(event.at - event.started_at - event.duration_s) < 1e-6
