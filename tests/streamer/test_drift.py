"""When live clips are other than those a network was taught, that is said once; and when they are so again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from recognizers.card import Usual
from recognizers.clip import WHOLE_PICTURE, Clip
from recognizers.prediction import Prediction
from recognizers.spread import shares, spread
from streamer.drift import BLOCK, BLOCKS, Drift, Measure
from streamer.metrics import Metrics
from streamer.model import Model
from streamer.sustain import Sustain
from streamer.testing.recognizers import CountingRecognizer


def scores(sure: float, pick_share: float, clips: int = BLOCK, seed: int = 0) -> np.ndarray:
    """Best scores around `sure`; so many of the clips say pick."""
    rng = np.random.default_rng(seed)
    best = np.clip(rng.normal(sure, 0.06, clips), 0.5, 1)
    pick = rng.random(clips) < pick_share
    return np.where(pick[:, None], np.stack([1 - best, best], 1), np.stack([best, 1 - best], 1)).astype(np.float32)


USUAL = Usual(
    tuple(map(tuple, shares(spread(scores(0.9, 0.5, 4000, seed=9))))),
    familiar=2.0,
    limits={"scores": 0.25, "unfamiliar": 0.15, "distant": 0.15, "abstained": 0.15},
    near=2.0,
)


def said(
    rows: np.ndarray, energy: float = 5.0, distance: float | None = 1.0, abstained: bool = False
) -> Iterator[Prediction]:
    for n, row in enumerate(rows):
        one = Prediction("cam", "bench", 1, n, n, n + 1, 1.0, 0.0, row)
        yield replace(one, energy=energy, distance=distance, abstained=abstained)


def measured(drift: Drift, predictions: Iterator[Prediction]) -> dict[str, Measure]:
    """As it stands after the last of them."""
    measures: list[Measure] = []
    for prediction in predictions:
        measures = drift.observe(prediction) or measures
    return {measure.name: measure for measure in measures}


def test_clips_as_usual_do_not_drift_whatever_is_worked_on() -> None:
    """Ten times as much picking is another order, no drift."""
    for share in (0.05, 0.5, 0.95):
        found = measured(Drift(USUAL), said(scores(0.9, share)))
        assert {measure.drifted for measure in found.values()} == {False}
        assert found["scores"].value < 0.1


def test_scores_that_sink_are_drift() -> None:
    found = measured(Drift(USUAL), said(scores(0.65, 0.5)))
    assert (found["scores"].drifted, found["scores"].changed) == (True, True)
    assert found["scores"].value > 1
    assert not found["unfamiliar"].drifted


def test_clips_that_are_known_less_well_are_drift() -> None:
    found = measured(Drift(USUAL), said(scores(0.9, 0.5), energy=1.9))
    assert (found["unfamiliar"].value, found["unfamiliar"].drifted) == (1.0, True)
    assert not found["scores"].drifted


def test_clips_far_from_those_that_were_taught_are_drift_though_they_are_known_well() -> None:
    found = measured(Drift(USUAL), said(scores(0.9, 0.5), distance=2.1))
    assert (found["distant"].value, found["distant"].drifted) == (1.0, True)
    assert not found["unfamiliar"].drifted


def test_abstaining_is_a_measure_of_its_own() -> None:
    idle = np.tile(np.array([1, 0], np.float32), (BLOCK, 1))
    found = measured(Drift(USUAL), said(idle, abstained=True))
    assert (found["abstained"].value, found["abstained"].drifted) == (1.0, True)
    assert "scores" not in found


def test_a_measure_crosses_its_limit_once_and_comes_back_below_it() -> None:
    """It takes as many clips as are looked at until old ones are forgotten."""
    drift, changes = Drift(USUAL), []
    for sure in [0.9] * 2 + [0.7] * 6 + [0.9] * (BLOCKS + 1):
        changes.append(measured(drift, said(scores(sure, 0.5)))["scores"])
    assert [measure.drifted for measure in changes if measure.changed] == [True, False]


def test_a_measure_near_its_limit_does_not_flicker() -> None:
    drift = Drift(replace(USUAL, limits={"unfamiliar": 0.5}))
    found = []
    for unknown in [0.6] * BLOCKS + [0.45, 0.55] * 4:
        rows, cut = scores(0.9, 0.5), int(unknown * BLOCK)
        predictions = [*said(rows[:cut], energy=0.0), *said(rows[cut:])]
        found.append(measured(drift, iter(predictions))["unfamiliar"])
    assert [measure.changed for measure in found].count(True) == 1


@pytest.mark.parametrize(
    "nothing", [{"energy": None}, {"scores": np.full(2, np.nan, np.float32)}], ids=["of people", "no numbers"]
)
def test_answers_that_say_nothing_do_not_count(nothing: dict[str, object]) -> None:
    predictions = (replace(one, **nothing) for one in said(scores(0.9, 0.5, 3 * BLOCK)))  # type: ignore[arg-type]
    assert measured(Drift(USUAL), predictions) == {}


def test_drift_is_told_and_measured_and_ends_with_the_network(caplog: pytest.LogCaptureFixture) -> None:
    metrics, recognizer = Metrics(), CountingRecognizer()
    sustain, picture = Sustain(metrics, None), np.zeros((8, 8, 3), np.uint8)
    clip = Clip("cam", "bench", 1, 0, 0.0, 1.0, 1.0, 0.0, WHOLE_PICTURE, 1.0, (picture,) * 2)
    old, new = Model(recognizer, "old", "1", usual=USUAL), Model(recognizer, "new", "2")
    for prediction in said(scores(0.65, 0.5, 3 * BLOCK)):
        sustain.saw("cell", old, clip, prediction, disagreed=False)
    text = metrics.exposition().decode()
    assert 'takt_drifted{measure="scores",recognizer="cell"} 1.0' in text
    assert 'takt_drift_limit{measure="scores",recognizer="cell"} 0.25' in text
    assert caplog.text.count("recognizer cell drifts: its best scores spread otherwise") == 1

    for prediction in said(scores(0.65, 0.5, 3 * BLOCK)):
        sustain.saw("cell", new, clip, prediction, disagreed=False)
    assert "takt_drift{" not in metrics.exposition().decode()
