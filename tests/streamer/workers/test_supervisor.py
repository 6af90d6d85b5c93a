"""How many workers there are, and what they cannot do yet."""

from __future__ import annotations

from pathlib import Path

import pytest

from streamer.errors import ConfigError
from streamer.placement import MOST_STREAMS
from streamer.settings import Settings, load
from streamer.workers.supervisor import check_fit, workers_for, workers_of

PLANT = """
data_dir: {folder}/data
recognizers: {{a: {{}}}}
streams: [{{id: cam, source: {{kind: rtsp, url: "rtsp://cam/"}}, watches: [{{id: b, recognizer: a}}]}}]
"""


def plant(folder: Path, more: str = "") -> Settings:
    file = folder / "plant.yaml"
    file.write_text(PLANT.format(folder=folder) + more)
    return load(file, {})


@pytest.mark.parametrize(("streams", "workers"), [(1, 1), (16, 1), (17, 3), (32, 3), (33, 4), (160, 11)])
def test_auto_is_one_as_long_as_that_can_have_all_and_then_one_more_than_is_needed(streams: int, workers: int) -> None:
    assert workers_for(streams) == workers
    assert workers == 1 or (workers - 1) * MOST_STREAMS >= streams, "one may die"


@pytest.mark.parametrize(("said", "workers"), [("", 1), ("workers: auto", 1), ("workers: 4", 4)])
def test_the_configuration_says_how_many(tmp_path: Path, said: str, workers: int) -> None:
    assert workers_of(plant(tmp_path, said)) == workers


@pytest.mark.parametrize(
    ("more", "named"),
    [
        ("labels: {folder: labels}", "labels.folder"),
        ("hard_examples: {folder: hard}", "hard_examples.folder"),
        ("sinks: [{id: file, kind: jsonl, file: events.jsonl}]", "sinks"),
        ("mqtt: {home_assistant: {}}", "mqtt.home_assistant"),
        ("mqtt: {sparkplug: {group: g, edge_node: e}}", "mqtt.sparkplug"),
        ("mqtt: {commands: true}", "mqtt.commands"),
    ],
)
def test_what_several_workers_cannot_do_yet_is_refused(tmp_path: Path, more: str, named: str) -> None:
    with pytest.raises(ConfigError) as raised:
        check_fit(plant(tmp_path, more))
    (problem,) = raised.value.problems
    assert problem.startswith(f"{named}: several workers cannot have")
    assert problem.endswith("give workers: 1")


def test_what_they_can_do_is_not(tmp_path: Path) -> None:
    check_fit(plant(tmp_path, "mqtt: {}\nworkers: 2"))
    assert plant(tmp_path, "workers: 2").workers == 2
