"""One stream's pure stages: epochs begin and end, and nothing stays open."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from recognizers.clip import WHOLE_PICTURE, ClipSpec
from recognizers.prediction import Prediction
from streamer.event import ActionEvent, Phase, Reason
from streamer.segmenter import EventRule
from streamer.stages import StreamStages, Watch

SPEC = ClipSpec(frames=2, interval_s=0.1, hop_s=0.1, short_side_px=2)


def stages() -> StreamStages:
    rules = {"default": EventRule(release_s=0.0, smooth_s=0.0)}
    return StreamStages(
        "cam", [Watch("bench", "net", SPEC, ("idle", "pick"), "idle", WHOLE_PICTURE, min_coverage=0.5, rules=rules)]
    )


def prediction(epoch: int, media_s: float, pick: float) -> Prediction:
    scores = np.array([1 - pick, pick], np.float32)
    return Prediction("cam", "bench", epoch, 0, media_s - 1, media_s, 1000.0 * epoch + media_s, scores)


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
