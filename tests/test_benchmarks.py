"""The benchmarks' own thinking: what is sustained, how the border is found, what a histogram says."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import films, pictures, streaming, training
from benchmarks.asked import Asked
from benchmarks.capacity import Trial, bucket_quantile, late_share, most_sustained, quantile
from benchmarks.cost import cost
from benchmarks.joints import figures
from benchmarks.results import Results
from benchmarks.rows import Row, comparison, table
from benchmarks.sides import dealt
from benchmarks.skeletons import PublicSet, accuracies, baselines_known, measured
from benchmarks.viewers import report
from benchmarks.webrtc import delays
from recognizers.clip import Picture
from recognizers.data.sets import WorkCellData
from recognizers.data.synthetic import LABELS
from recognizers.data.track import Track
from recognizers.models.san import San, SanSize
from recognizers.models.slowfast import slowfast_small
from recognizers.train.recipe import Recipe
from recognizers.train.watched import Progress
from streamer.testing.film import write_film
from tests.recognizers.data.datasets import film
from tests.recognizers.skeletons import write_skeletons


def trial(advanced_s: float = 20.0, late: float = 0.0, decisions: float | None = 20) -> Trial:
    """Of two cameras, the first of which is fine."""
    return Trial(20.0, (20.0, advanced_s), late, None if decisions is None else (20, decisions))


def test_cameras_that_keep_up_are_sustained() -> None:
    assert trial().failings() == []
    assert trial(decisions=None).failings() == []
    assert trial(advanced_s=19.7, late=0.05, decisions=19).failings() == []


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (trial(advanced_s=19.6), "falls behind"),
        (trial(late=0.06), "later than"),
        (trial(decisions=18), "decisions a second"),
        (Trial(20.0, (), 0.0), "falls behind"),
    ],
)
def test_one_bad_camera_or_late_events_are_not_sustained(wrong: Trial, why: str) -> None:
    assert any(why in failing for failing in wrong.failings())


@given(border=st.integers(0, 70), guess=st.integers(1, 90), step=st.integers(1, 4))
def test_the_search_finds_the_border_wherever_it_begins(border: int, guess: int, step: int) -> None:
    tried: Counter[int] = Counter()

    def sustains(cameras: int) -> bool:
        tried[cameras] += 1
        return cameras <= border

    assert most_sustained(sustains, guess, most=64, step=step) == min(border, 64) // step * step
    assert max(tried) <= 64
    assert min(tried) >= step
    assert tried.total() <= 14


def test_at_the_border_most_of_three_trials_decide() -> None:
    lucky_once = {12: iter([True, False, False]), 10: iter([True, True, True])}

    def sustains(cameras: int) -> bool:
        return next(lucky_once[cameras]) if cameras in lucky_once else cameras < 10

    assert most_sustained(sustains, guess=10, most=40) == 10


@given(st.lists(st.floats(0, 100), min_size=1), st.floats(0.01, 1))
def test_a_quantile_is_the_smallest_value_that_enough_do_not_exceed(values: list[float], share: float) -> None:
    found = quantile(values, share)

    assert sum(value <= found for value in values) >= share * len(values)
    assert sum(value < found for value in values) < share * len(values)


def test_a_histograms_quantile_lies_within_its_bucket() -> None:
    buckets = {0.1: 10.0, 0.5: 50.0, 1.0: 90.0, math.inf: 100.0}

    assert bucket_quantile(buckets, 0.05) == pytest.approx(0.05)
    assert bucket_quantile(buckets, 0.7) == pytest.approx(0.75)
    assert bucket_quantile(buckets, 0.95) == 1.0
    assert late_share(buckets) == pytest.approx(0.1)


def test_of_nothing_there_is_no_quantile_and_everything_is_late() -> None:
    assert math.isnan(quantile([], 0.5))
    assert math.isnan(bucket_quantile({1.0: 0.0, math.inf: 0.0}, 0.5))
    assert late_share({1.0: 0.0, math.inf: 0.0}) == 1.0


@pytest.mark.parametrize(("cameras", "processes"), [(8, 2), (7, 2), (1, 1), (5, 4)])
def test_every_camera_is_dealt_to_one_process_and_none_has_two_more_than_another(cameras: int, processes: int) -> None:
    shares = dealt(cameras, processes)

    assert len(shares) == processes
    assert sorted(camera for share in shares for camera in share) == list(range(cameras))
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


@pytest.mark.e2e
@pytest.mark.full
@pytest.mark.timeout(300)
def test_the_pipeline_is_measured_beside_the_bare_loop_in_one_run(tmp_path: Path) -> None:
    def pictures() -> Iterator[Picture]:
        rng = np.random.default_rng(0)
        for _ in range(10):
            blocks = rng.integers(0, 256, (9, 16, 3), np.uint8)
            yield from [blocks.repeat(20, axis=0).repeat(20, axis=1)] * 15

    write_film(tmp_path / "blocks.mp4", pictures(), 25)
    short = ["--seconds", "8", "--warm", "2", "--max", "2", "--guess", "2", "--processes", "1"]
    command = [sys.executable, "-m", "benchmarks.pipeline", str(tmp_path), *short, "--json"]

    done = subprocess.run(command, cwd=Path(__file__).parents[1], capture_output=True, text=True, check=True)

    result = json.loads(done.stdout)
    assert (result["cameras"], result["limit"], result["of_limit"]) == (2, 2, 1.0)
    assert result["events"] > 0
    parts = ("decode", "scale", "buffer", "inference", "rest")
    assert all(result["cpu"][part] > 0 for part in parts)
    assert sum(result["cpu"][part] for part in parts) == pytest.approx(result["cpu"]["total"], rel=0.1)


def test_what_was_measured_is_not_measured_again_unless_it_is_another_thing(tmp_path: Path) -> None:
    counted: Counter[str] = Counter()

    def measure() -> list[int]:
        counted["measured"] += 1
        return [1, 2]

    for setting in ({"steps": 3, "kernels": (1, 3)}, {"steps": 3, "kernels": (1, 3)}, {"steps": 4, "kernels": (1, 3)}):
        assert Results(tmp_path / "kept" / "results.json").of("san on utkinect", setting, measure) == [1, 2]
    assert counted["measured"] == 2


def test_rows_are_compared_over_sets_that_both_were_measured_on() -> None:
    def row(name: str, network: str, *accuracy: float) -> Row:
        return Row(name, network, accuracy, (), 1, 0.1, 1.0)

    rows = [
        row("a", "gru", 0.8),
        row("a", "san", 0.9, 1.0),
        row("b", "gru", 0.9),
        row("b", "san", 0.85),
        row("c", "san", 0.0),
    ]
    said = comparison(rows, "san", "gru")
    assert said == {"mean_error": {"san": 0.1, "gru": 0.15}, "of_the_baselines": 0.6667, "worse_on": ["b"]}
    assert "95.00% ± 5.00" in table(rows)
    assert comparison(rows[:1], "san", "gru") == {}


def test_the_cost_of_a_network_is_what_its_layers_say() -> None:
    size = SanSize(frames=8, width=16, heads=2, depth=1, inner=24, persons=1, kernel=1, modalities=("joints",))
    network = San(size, 5).eval()
    spent = cost(network, torch.ones(1, 3, 8, 17, 1))
    a_frame = 3 * 17 * 16 + 16 * 16 + 4 * 16 * 16 + 2 * 16 * 24
    assert spent["gmac"] == pytest.approx((8 * a_frame + 2 * 8 * 8 * 16 + 16 * 5) / 1e9)
    assert spent["parameters"] == sum(one.numel() for one in network.parameters())
    assert spent["ms"] > 0


def test_backwards_counts_only_actions_that_are_another_one_backwards() -> None:
    said = {"shown": ["sit", "stand", "wave", "wave"], "said": ["sit", "sit", "wave", "sit"]}
    assert accuracies(said, ("sit", "stand")) == (0.5, 0.5)
    assert accuracies(said, ()) == (0.5, None)


def test_networks_are_compared_on_sequences_they_have_not_seen(tmp_path: Path) -> None:
    write_skeletons(tmp_path / "made.npz")
    numbers = {"layout": "kinect20", "coordinates": 3, "frames": 8}
    made = PublicSet("made.npz", numbers, steps=3, flip=False, backwards=("sit", "stand"))
    results = Results(tmp_path / "results.json")
    ticks: list[int] = []

    with baselines_known():
        rows = measured(tmp_path, {"made": made}, ["conv_gru", "san"], 2, results, lambda *told: ticks.append(told[1]))

    assert [(row.set, row.network, len(row.accuracy)) for row in rows] == [("made", "conv_gru", 2), ("made", "san", 2)]
    assert ticks == [1, 2, 3, 4, 5, 6] * 2
    kept = json.loads((tmp_path / "results.json").read_text())
    shown = [one["value"]["shown"] for name, one in kept.items() if "conv_gru, seed 1" in name]
    assert shown == [["sit", "sit", "stand", "stand"]] * 3
    assert not {one for each in kept.values() for one in each["value"].get("said", ())} - {"sit", "stand"}


def test_joints_are_counted_in_all_pictures_and_the_first_is_not_timed() -> None:
    nobody = np.zeros((0, 2, 3), np.float32)
    somebody = np.array([[[0.5, 0.5, 0.9], [1.2, 0.5, 0.7]], [[0.1, 0.1, 0.2], [0.2, 0.2, 0.2]]], np.float32)
    told = figures([nobody, somebody], [9.0, 0.02], [9.0, 0.03])
    assert (told["pictures"], told["with_somebody"], told["persons"]) == (2, 0.5, 1)
    assert (told["score"], told["sure"], told["sure_inside"]) == (0.5, 0.5, 0.5)
    assert (told["cpu_ms"], told["wall_ms"]) == (20, 30)
    assert figures([nobody, nobody], [1.0, 1.0], [1.0, 1.0])["sure"] == 0


def test_networks_over_pictures_are_asked_about_clips_forth_and_back(tmp_path: Path) -> None:
    cell = WorkCellData(seed=7, sessions=2, session_s=30.0, held_out=1, elsewhere=1)
    course = pictures.Course(cell, Recipe(steps=100, batch=2, save_every=1))
    networks = ["single_frame", "two_stream slow"]
    asked = Asked(tmp_path, ["work_cell"], networks, seeds=1, steps=2, device="cpu", kept=tmp_path / "order")
    results, ticks = Results(tmp_path / "results.json"), list[str]()

    rows = pictures.table(asked, results, lambda what, *_: ticks.append(what), course)

    assert [(row.set, row.network) for row in rows] == [("work_cell", network) for network in networks]
    for row in rows:
        assert all(0 <= one <= 1 for one in (*row.accuracy, *row.backwards, *row.reversed))
        assert row.gmac > 0
    assert ticks.count("drawing other scenes") == 1, "sessions are drawn once"
    ticks.clear()
    assert pictures.table(asked, results, lambda what, *_: ticks.append(what), course) == rows
    assert ticks == ["work_cell single_frame", "work_cell two_stream slow"], "what was measured is not measured again"


def test_an_action_played_backwards_is_the_other_one_and_any_other_is_left_out() -> None:
    tighten, loosen, pick = (LABELS.index(label) for label in ("tighten", "loosen", "pick"))
    labels = np.array([pick, tighten, tighten, 0, loosen, tighten], np.int64)
    shown = np.arange(6, dtype=np.uint8).reshape(6, 1, 1, 1)
    forth = pictures.whole_actions([Track("a", "somebody", 16.0, shown, labels)])
    back = [pictures.turned_back(one) for one in forth]

    assert [one.pictures.ravel().tolist() for one in forth] == [[1, 2], [4], [5]]
    assert [one.labels.tolist() for one in forth] == [[tighten, tighten], [loosen], [tighten]]
    assert [one.pictures.ravel().tolist() for one in back] == [[2, 1], [4], [5]]
    assert [one.labels.tolist() for one in back] == [[loosen, loosen], [tighten], [loosen]]


def test_what_a_stream_costs_is_told_in_a_table_of_every_way_and_every_number_of_streams(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tiny = replace(slowfast_small(), causal=True, frames=8, width=8)
    monkeypatch.setattr(streaming, "CASES", {"tiny": streaming.Case("tiny", tiny, 32, 2, (8,), 8)})
    monkeypatch.setattr(streaming, "STREAMS", (1, 2))
    monkeypatch.setattr(sys, "argv", ["streaming", "--rounds", "1", "--json"])
    streaming.main()
    said = json.loads(capsys.readouterr().out)

    (row,) = said["rows"]
    assert row["gain"] == pytest.approx(row["naive"] / row["stream"])
    assert min(row[way] for way in ("naive", "window", "torch", "stream")) > 0
    assert [one["streams"] for one in said["streams"]] == [1, 2]
    assert said["streams"][0]["state_mb"] == said["streams"][1]["state_mb"] > 0
    one = streaming.Row("tiny", 8, 30.0, 10.0, 4.0, 2.0)
    assert "15.0×" in streaming.table([one], [])


def test_a_training_and_a_bare_loop_take_turns_and_the_first_round_is_not_counted() -> None:
    """Every second step of a segment of four is counted, of two rounds and the one that warms up."""
    ran: list[int] = []
    turns = training.Turns(ran.append, clips=10, segment=4, rounds=2, warm=2, device=torch.device("cpu"))
    with pytest.raises(training.Measured):
        for step in range(1, 100):
            turns.told(Progress(step, 100, 1.0, 0.1))
    assert step == 12
    assert ran == [2, 2] * 3
    assert len(turns.ours) == len(turns.theirs) == len(turns.began) == 3


def test_films_are_found_again_and_looking_into_one_is_timed(tmp_path: Path) -> None:
    seen = [film(tmp_path / f"{seed}.mp4", 4.0, seed=seed) for seed in (1, 2)]
    table = films.alike(seen, tmp_path)
    assert {name: (counts["found"], counts["others"]) for name, counts in table.items()} == dict.fromkeys(
        films.VARIANTS, (2, 0)
    )
    looking = films.looked_into(seen[0])
    assert looking["film_s"] == 4.0
    assert min(looking["seeking_ms"], looking["from_the_beginning_ms"]) > 0


def test_a_delay_is_from_a_turn_to_the_start_that_it_caused() -> None:
    assert delays([10.0, 14.0, 18.0], [9.0, 10.5, 10.9, 17.0, 18.25]) == [0.5, 0.25]


def test_viewers_are_judged_by_pairs_of_turns() -> None:
    without = [{"CPU": 10.0, "left out": 0.0}, {"CPU": 20.0, "left out": 0.0}, {"CPU": 12.0, "left out": 0.0}]
    beside = [{"CPU": 11.0, "left out": 0.0}, {"CPU": 20.0, "left out": 0.0}, {"CPU": 15.0, "left out": 1.0}]

    assert report(without, beside)[2:] == [
        "| CPU | 12.00 | 15.00 | 1.100 (1.000 to 1.250) |",
        "| left out | 0.00 | 0.00 | – |",
    ]
