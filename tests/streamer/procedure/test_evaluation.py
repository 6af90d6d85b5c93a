"""Annotated recordings, small ones in the form of the real ones."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from streamer.procedure.evaluation import assembly101, captaincook4d, frames
from streamer.procedure.evaluation.captaincook4d import Annotated


def kitchen(folder: Path, order: list[str], tags: dict[str, str]) -> Path:
    """One recording of a recipe a → b → c → d; `order`: what was done; `tags`: errors of annotators."""
    (folder / "task_graphs").mkdir()
    (folder / "annotation_json").mkdir()
    texts = {"0": "START", "1": "A-a", "2": "B-b", "3": "C-c", "4": "D-d", "5": "END"}
    graph = {"steps": texts, "edges": [[n, n + 1] for n in range(5)]}
    (folder / "task_graphs" / "soup.json").write_text(json.dumps(graph))
    steps = [
        {
            "description": f"{name.upper()} - {name}",
            "start_time": 10.0 * order.index(name) if name in order else -1.0,
            "end_time": 10.0 * order.index(name) + 5 if name in order else -1.0,
            **({"errors": [{"tag": tags[name]}]} if name in tags else {}),
        }
        for name in "abcd"
    ]
    recording = {"recording_id": "1_1", "step_annotations": steps}
    (folder / "annotation_json" / "error_annotations.json").write_text(json.dumps([recording]))
    (folder / "annotation_json" / "complete_step_annotations.json").write_text(
        json.dumps({"1_1": {"activity_name": "Soup"}})
    )
    return folder


def test_swapped_steps_are_both_out_of_order(tmp_path: Path) -> None:
    found = captaincook4d.evaluate(kitchen(tmp_path, list("acbd"), {"b": "Order Error", "c": "Order Error"}))
    assert (found["order_f1"], found["missing_f1"], found["steps"]) == (1, 1, 4)
    assert (found["order_precision_online"], found["order_recall_online"]) == (1, 0.5)  # c may well be in order then


def test_a_step_that_is_left_out_is_missing_and_nothing_is_out_of_order(tmp_path: Path) -> None:
    found = captaincook4d.evaluate(kitchen(tmp_path, list("acd"), {"b": "Missing Step"}))
    assert (found["order_f1"], found["order_f1_online"], found["missing_f1"]) == (1, 1, 1)


def test_what_annotators_say_is_not_shown_to_the_monitor(tmp_path: Path) -> None:
    kitchen(tmp_path, list("abcd"), {"b": "Order Error"})
    assert captaincook4d.evaluate(tmp_path)["order_recall"] == 0


def test_steps_of_the_same_text_are_told_apart_by_their_order() -> None:
    graph = {
        "steps": {"0": "START", "1": "stir", "2": "heat", "3": "Stir", "4": "END"},
        "edges": [[0, 1], [1, 2], [2, 3], [3, 4]],
    }
    procedure = captaincook4d.procedure_of_graph(graph)
    done = [
        Annotated(name, start, start + 1.0, False, False) for name, start in (("stir", 0), ("heat", 5), ("stir", 9))
    ]
    told = captaincook4d.monitored(procedure, done)
    assert [(one.step, str(one.verdict)) for one in told] == [
        ("1", "done"),
        ("2", "done"),
        ("3", "done"),
        ("4", "done"),
    ]


def toys(folder: Path) -> Path:
    """Nine people do it right; the tenth takes the roof first, the eleventh sticks the wheel to the roof."""
    good = "1,2,attach,wheel,chassis,correct,\n2,3,attach,roof,chassis,correct,\n"
    wrong = "1,2,attach,roof,chassis,mistake,wrong order\n2,3,attach,wheel,chassis,correct,\n"
    bad = "1,2,attach,wheel,roof,mistake,wrong position\n"
    texts = [*[good] * 9, wrong, bad, bad]
    for n, text in enumerate(texts):
        (folder / f"x_action_both_90{n:02d}-a01_y.csv").write_text(text)
    return folder


def test_mistakes_are_known_by_what_others_did(tmp_path: Path) -> None:
    found = assembly101.evaluate(toys(tmp_path))
    assert (found["steps"], found["mistakes"]) == (3, 3)
    assert found["mistake_f1"] == 1


def test_nothing_is_learned_from_the_person_who_is_judged(tmp_path: Path) -> None:
    (tmp_path / "x_action_both_9001-a01_y.csv").write_text("1,2,attach,a,b,correct,\n2,3,attach,c,b,mistake,\n")
    found = assembly101.evaluate(tmp_path)
    assert (found["mistake_precision"], found["mistake_recall"]) == (0.5, 1)  # nobody else ever attached a


def test_decoded_frames_are_held_against_the_frames_as_they_are(tmp_path: Path) -> None:
    videos = {}
    for seed in range(5):
        random = np.random.default_rng(seed)
        true = np.repeat([0, 1, 2], [30 * 20, 30 * (20 + seed), 30 * 15])
        said = np.where(np.repeat(random.random(len(true) // 15) < 0.3, 15), (true + 1) % 3, true)
        videos[str(seed)] = {"pred": said.tolist(), "gt": true.tolist()}
    file = tmp_path / "frames.json"
    file.write_text(json.dumps(videos))
    found = frames.evaluate(file, lag_s=10.0)
    assert found["raw_accuracy"] == pytest.approx(0.7, abs=0.1)
    assert found["accuracy"] > found["raw_accuracy"] + 0.1
    assert found["edit"] > found["raw_edit"] + 0.4
    assert found["f1_50"] > found["raw_f1_50"] + 0.3
    assert found["videos"] == 5
    assert found["whole_accuracy"] >= found["accuracy"] - 0.02
    assert found["bounds_accuracy"] == 1.0
    assert found["more_edit"] == pytest.approx(found["edit"] - found["raw_edit"])
    assert 0 < found["more_accuracy_low"] <= found["more_accuracy"] <= found["more_accuracy_high"]


def test_frames_that_do_not_fit_are_told(tmp_path: Path) -> None:
    file = tmp_path / "frames.json"
    file.write_text(json.dumps({"a": {"pred": [1, 2], "gt": [1]}}))
    with pytest.raises(ValueError, match="video a: pred and gt must be equally long"):
        frames.read(file)
