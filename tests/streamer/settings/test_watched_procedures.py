"""A watch names the procedure that it follows: a file beside the configuration, held against its recognizer."""

from __future__ import annotations

from pathlib import Path

import pytest

from streamer.errors import ConfigError
from tests.streamer.settings.files import VALID, mistakes, read

WATCHED = VALID.replace("recognizer: cell}", "recognizer: cell, procedure: work.yaml}")


def test_a_procedure_lies_beside_the_configuration_wherever_that_is_read_from(tmp_path: Path) -> None:
    (tmp_path / "work.yaml").write_text("name: w\nsteps: {tighten: {}}\n")
    (stream,) = read(tmp_path, WATCHED).streams
    assert stream.watches[0].procedure == tmp_path / "work.yaml"
    elsewhere = tmp_path / "elsewhere.yaml"
    elsewhere.write_text("name: w\nsteps: {loosen: {}}\n")
    (stream,) = read(tmp_path, WATCHED.replace("work.yaml", str(elsewhere))).streams
    assert stream.watches[0].procedure == elsewhere


def test_a_procedure_that_is_not_there_is_told_with_the_line_of_its_name(tmp_path: Path) -> None:
    file = tmp_path / "work.yaml"
    assert mistakes(tmp_path, WATCHED) == [
        f"7: streams.0.watches.0.procedure: no such file: {file}; check the path (relative to {tmp_path})"
    ]


def test_the_mistakes_of_a_procedure_are_told_with_its_own_lines_beside_all_others(tmp_path: Path) -> None:
    work = tmp_path / "work.yaml"
    work.write_text("name: w\nsteps:\n  tighten: {after: [glue]}\n  losen: {}\n")
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, WATCHED.replace("id: bench", "id: Bench"))
    assert list(caught.value.problems) == [
        f"{tmp_path}/cell.yaml:7: streams.0.watches.0.id: must be 1 to 63 small letters, digits or hyphens, "
        "e.g. cell-4",
        f"{work}:3: steps.tighten.after.0: is no step or group; there are: tighten, losen",
        f"{work}:4: steps.losen: no recognizer knows the action losen; did you mean loosen?",
    ]


def test_a_procedure_that_two_watches_follow_is_told_of_once(tmp_path: Path) -> None:
    (tmp_path / "work.yaml").write_text("name: w\nsteps: {glue: {}}\n")
    text = WATCHED + "      - {id: other, recognizer: cell, procedure: work.yaml}\n"
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, text)
    assert len(caught.value.problems) == 1


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("unit: {topic: scan}", "is of use only where a procedure is followed; give the watch its `procedure`"),
        ("procedure: work.yaml, unit: {topic: 'a/#/b'}", "must be a topic filter: + stands for one level"),
        ("procedure: work.yaml, unit: {topic: 'a+'}", "must be a topic filter: + stands for one level"),
        ("procedure: work.yaml, unit: {topic: scan}", "comes over the broker, and there is none; give `mqtt`"),
    ],
)
def test_where_units_are_named_is_checked(tmp_path: Path, given: str, told: str) -> None:
    (tmp_path / "work.yaml").write_text("name: w\nsteps: {tighten: {}}\n")
    broker = "" if "there is none" in told else "mqtt: {}\n"
    text = VALID.replace("recognizer: cell}", f"recognizer: cell, {given}}}") + broker
    (problem,) = mistakes(tmp_path, text)
    assert problem.startswith("7: streams.0.watches.0.unit")
    assert told in problem
