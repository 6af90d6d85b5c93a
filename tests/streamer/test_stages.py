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
from streamer.segmenter import Decoding, EventRule
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


def other_network(stream: StreamStages, labels: tuple[str, ...], frames: int, model: str) -> StreamStages:
    """A candidate for the stream's watch; with as many pictures it shares the clips."""
    (watch,) = stream.watches.values()
    spec = replace(SPEC, frames=frames)
    shared = frozenset(["bench"]) if spec == watch.spec else frozenset[str]()
    other = StreamStages("cam", [replace(watch, labels=labels, spec=spec, model=model)], shared)
    if stream.epoch is not None:
        other.begin(stream.epoch)
    return other


@given(
    st.lists(
        st.one_of(
            st.floats(0, 1),
            st.just(None),
            st.tuples(st.sampled_from([("idle", "pick"), ("pick", "idle"), ("idle", "place")]), st.integers(2, 4)),
        ),
        max_size=60,
    )
)
def test_over_any_scores_outages_and_networks_each_id_has_one_start_and_one_end(
    script: list[float | tuple[tuple[str, ...], int] | None],
) -> None:
    """A number is what the network says of its action, None a lost camera that comes back, labels another network."""
    stream, epoch, media_s, last = stages(), 1, 0.0, None
    stream.begin(epoch)
    events: list[ActionEvent] = []
    for number, step in enumerate(script):
        media_s += 0.5
        if step is None:
            events += stream.end(Reason.SOURCE_LOST)
            epoch, media_s = epoch + 1, 0.0
            stream.begin(epoch)
        elif isinstance(step, tuple):
            open_before = opened(events)
            ended = stream.promote(other_network(stream, *step, model=str(number)))
            assert {event.action for event in ended} == {action for action in open_before if action not in step[0]}
            assert {event.reason for event in ended} <= {Reason.MODEL_CHANGED}
            events += ended
            last = str(number)
        else:
            labels = stream.watches["bench"].labels
            row = [1 - step, step] if labels[0] == "idle" else [step, 1 - step]
            said = stream.observe(replace(prediction(epoch, media_s, 0), scores=np.array(row, np.float32)))
            assert {event.model for event in said} <= {last or ""}
            events += said
    events += stream.end(Reason.SHUTDOWN)

    told = Counter((event.action_id, event.phase) for event in events)
    assert set(told.values()) <= {1}
    assert opened(events) == set()


def opened(events: list[ActionEvent]) -> set[str]:
    """Actions that have started and not ended."""
    actions = {event.action_id: event.action for event in events}
    ended = {event.action_id for event in events if event.phase is Phase.ENDED}
    return {action for one, action in actions.items() if one not in ended}


@given(switch=st.integers(3, 30), frames=st.integers(1, 5), beside=st.integers(0, 12))
def test_clips_go_on_without_a_gap_when_a_network_of_another_length_takes_over(
    switch: int, frames: int, beside: int
) -> None:
    """The candidate has been cutting its own clips for a while, or just begins."""
    stream, candidate, ends = stages(), None, list[tuple[float, int]]()
    stream.begin(1)
    for number in range(50):
        if number == max(0, switch - beside):
            candidate = other_network(stream, ("idle", "pick"), frames, "new")
        frame = Frame("cam", 1, number, 1000 + number * 0.1, number * 0.1, np.zeros((2, 2, 3), np.uint8))
        if number == switch:
            assert candidate is not None
            stream.promote(candidate)
        elif candidate is not None and number < switch:
            candidate.cut(frame)
        ends += [(round(clip.end, 3), len(clip.pictures)) for clip in stream.cut(frame)]

    assert ends == sorted(ends)
    after = [end for end, pictures in ends if pictures == frames and end >= switch * 0.1 - 1e-6]
    full = max(0, switch - beside) + frames - 1  # when the candidate has its first clip
    begun = switch if frames == SPEC.frames else max(switch, full)
    assert after[0] <= begun * 0.1 + 1e-6
    assert len(after) == 50 - round(after[0] / 0.1)


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


@given(
    script=st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1), st.booleans()), max_size=40),
    merge_s=st.sampled_from([0.0, 1.0]),
)
def test_clips_of_one_watch_that_are_shed_change_nothing_of_another(
    script: list[tuple[float, float, bool]], merge_s: float
) -> None:
    def told(shedding: bool) -> list[ActionEvent]:
        (bench,) = stages().watches.values()
        rules = {"default": EventRule(release_s=0.0, smooth_s=0.5, min_s=0.5, merge_s=merge_s)}
        bench = replace(bench, rules=rules)
        stream = StreamStages("cam", [bench, replace(bench, id="door")])
        stream.begin(1)
        events: list[ActionEvent] = []
        for n, (one, other, shed) in enumerate(script):
            events += stream.observe(prediction(1, n * 0.5, one))
            if not (shed and shedding):
                events += stream.observe(replace(prediction(1, n * 0.5, other), watch="door"))
        return [event for event in events + stream.end(Reason.SHUTDOWN) if event.watch == "bench"]

    assert told(shedding=True) == told(shedding=False)


def test_a_watch_that_decodes_does_so_by_the_hop_of_its_network() -> None:
    (bench,) = stages().watches.values()
    how = Decoding(tick_s=9.0, lag_s=1.0, looks_per_s=20.0)
    stream = StreamStages("cam", [replace(bench, decoding=how, spec=replace(SPEC, hop_s=0.5))])
    stream.begin(1)
    events = [event for n in range(8) for event in stream.observe(prediction(1, n * 0.5, 0.9))]

    assert [(event.phase, event.decided_at - event.at) for event in events] == [(Phase.STARTED, 1.0)]
    assert [event.reason for event in stream.end(Reason.SOURCE_LOST)] == [Reason.SOURCE_LOST]
