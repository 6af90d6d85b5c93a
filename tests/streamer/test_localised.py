"""Events of people: each has their own, and whoever leaves leaves nothing open."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from recognizers.prediction import Actors, Prediction
from streamer.event import ActionEvent, Phase, Reason
from streamer.localised import ActorSegmenter
from streamer.segmenter import EventRule

LABELS = ("idle", "pick", "wave")
SHARP = {"default": EventRule(release_s=0.0, smooth_s=0.0)}
STEP_S = 0.5


def prediction(look: int, people: dict[float, tuple[float, float]]) -> Prediction:
    """`people`: how far right each stands, with their scores for pick and wave."""
    boxes = np.array([[x - 0.05, 0.3, x + 0.05, 0.7] for x in people], np.float32).reshape(-1, 4)
    scores = np.array([[0.1, pick, wave] for pick, wave in people.values()], np.float32).reshape(-1, 3)
    actors = Actors(boxes, np.ones(len(boxes), np.float32), scores)
    end, anybody = look * STEP_S, scores.max(axis=0, initial=0)
    return Prediction("cam", "hall", 1, look, end - 2, end, 1000 + end, 1000, anybody, False, actors)


def watch(*looks: dict[float, tuple[float, float]], close: bool = False) -> list[ActionEvent]:
    segmenter = ActorSegmenter(LABELS, "idle", SHARP)
    events = [event for n, look in enumerate(looks) for event in segmenter.observe(prediction(n, look))]
    return events + (segmenter.close(Reason.SHUTDOWN) if close else [])


def brief(events: list[ActionEvent]) -> list[tuple[int | None, str, str, float]]:
    return [
        (event.actor.id if event.actor else None, event.action, str(event.phase), event.at - 1000) for event in events
    ]


def test_two_who_do_the_same_at_once_have_an_action_each() -> None:
    both = {0.2: (0.9, 0.1), 0.8: (0.9, 0.1)}
    events = watch(both, both, {0.2: (0.1, 0.1), 0.8: (0.9, 0.1)})

    assert brief(events) == [(1, "pick", "started", 0.5), (2, "pick", "started", 0.5), (1, "pick", "ended", 1.0)]
    assert len({event.action_id for event in events}) == 2
    assert events[0].action_id == events[2].action_id


def test_somebody_can_do_two_things_at_once() -> None:
    idle, both, one = {0.5: (0.1, 0.1)}, {0.5: (0.9, 0.9)}, {0.5: (0.1, 0.9)}

    assert brief(watch(idle, idle, both, one)) == [
        (1, "pick", "started", 1.0), (1, "wave", "started", 1.0), (1, "pick", "ended", 1.5),
    ]  # fmt: skip


def test_an_event_says_where_they_were_when_it_was_decided() -> None:
    looks = [{0.30 + 0.02 * n: (0.9, 0.1)} for n in range(4)] + [{0.38: (0.1, 0.1)}]
    started, ended = watch(*looks)

    assert started.actor is not None
    assert ended.actor is not None
    assert started.actor.box == (0.27, 0.3, 0.37, 0.7)
    assert ended.actor.box == (0.33, 0.3, 0.43, 0.7)


def test_who_leaves_ends_what_they_did_when_last_seen() -> None:
    there: dict[float, tuple[float, float]] = {0.5: (0.9, 0.1)}
    started, ended = watch(there, there, there, *[{}] * 6)

    assert (ended.reason, ended.action_id) == (Reason.ACTOR_LEFT, started.action_id)
    assert (ended.at - 1000, ended.duration_s) == (1.0, 0.5)


def test_who_is_hidden_for_a_while_goes_on_with_what_they_did() -> None:
    there: dict[float, tuple[float, float]] = {0.5: (0.9, 0.1)}

    assert brief(watch(there, there, {}, {}, there, there)) == [(1, "pick", "started", 0.5)]


def test_the_end_of_the_epoch_ends_everybodys_actions() -> None:
    both = {0.2: (0.9, 0.1), 0.8: (0.1, 0.9)}
    ended = [event for event in watch(both, both, close=True) if event.phase is Phase.ENDED]

    assert [(event.action, event.reason) for event in ended] == [("pick", Reason.SHUTDOWN), ("wave", Reason.SHUTDOWN)]


def test_an_answer_that_comes_late_says_nothing_any_more() -> None:
    segmenter, there = ActorSegmenter(LABELS, "idle", SHARP), {0.5: (0.9, 0.1)}
    segmenter.observe(prediction(3, there))
    assert segmenter.observe(prediction(2, there)) == segmenter.observe(prediction(3, there)) == []
    assert [event.action for event in segmenter.observe(prediction(4, there))] == ["pick"]


crowd = st.dictionaries(
    st.sampled_from([0.1, 0.12, 0.35, 0.6, 0.66, 0.9]), st.tuples(st.floats(0, 1), st.floats(0, 1)), max_size=4
)


@given(looks=st.lists(crowd, max_size=30), lost=st.sampled_from([Reason.SOURCE_LOST, Reason.SHUTDOWN]))
def test_over_any_coming_and_going_each_id_has_exactly_one_start_and_one_end(
    looks: list[dict[float, tuple[float, float]]], lost: Reason
) -> None:
    segmenter = ActorSegmenter(LABELS, "idle", SHARP)
    events = [event for n, look in enumerate(looks) for event in segmenter.observe(prediction(n, look))]
    events += segmenter.close(lost)

    phases = Counter((event.action_id, event.phase) for event in events)
    assert set(phases.values()) <= {1}
    assert {one for one, phase in phases if phase is Phase.STARTED} == {one for one, p in phases if p is Phase.ENDED}
    started = {event.action_id: event for event in events if event.phase is Phase.STARTED}
    for event in events:
        assert event.actor is not None
        first = started[event.action_id]
        assert first.actor is not None
        assert (event.actor.id, event.action) == (first.actor.id, first.action)
        assert event.at >= first.at
    assert segmenter.close(lost) == []
