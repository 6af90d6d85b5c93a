"""A procedure is right, or every mistake in it is told at once, with its line."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from recognizers.card import checkpoint_path, read_card
from streamer.errors import ConfigError
from streamer.settings import load_procedure

EXAMPLES = sorted((Path(__file__).parents[3] / "config" / "procedures").glob("*.yaml"))


def mistakes(folder: Path, text: str, labels: Iterable[str] | None = None) -> list[str]:
    file = folder / "work.yaml"
    file.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_procedure(file, {}, labels)
    return [problem.removeprefix(f"{file}:") for problem in caught.value.problems]


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.name)
def test_the_examples_are_valid(file: Path) -> None:
    assert load_procedure(file, {}).steps


def test_the_bundled_network_knows_the_work_of_the_simulated_cell() -> None:
    actions = read_card(checkpoint_path("bundled:cell")).actions
    assert load_procedure(EXAMPLES[0].parent / "cell.yaml", {}, actions).name == "cell"


def test_mistakes_of_form_are_told_together(tmp_path: Path) -> None:
    text = """\
takt: 4
steps:
  a: {aftr: [b], repeat: 0}
  b: {min_s: 5, max_s: 2}
  c: {repeat: 2, at_most: 1}
groups:
  g: {any_order: [a], one_of: [b]}
  h: {}
"""
    assert mistakes(tmp_path, text) == [
        "1: name: is missing; give it: as events say it",
        "1: takt: unknown key; did you mean takt_s?",
        "3: steps.a.aftr: unknown key; did you mean after?",
        "3: steps.a.repeat: must be greater than or equal to 1",
        "4: steps.b: must have min_s ≤ typical_s ≤ max_s",
        "5: steps.c: must have repeat ≤ at_most",
        "7: groups.g: must have exactly one of any_order and one_of",
        "8: groups.h: must have exactly one of any_order and one_of",
    ]


def test_names_that_nobody_has_are_told(tmp_path: Path) -> None:
    text = """\
name: w
steps:
  pick: {after: [plice]}
  place: {}
groups:
  g: {any_order: [pick, put], after: [plae]}
  place: {one_of: [pick]}
cycle: {starts_with: pik}
"""
    assert mistakes(tmp_path, text) == [
        "3: steps.pick.after.0: is no step or group; did you mean place?",
        "6: groups.g.after.0: is no step or group; did you mean place?",
        "6: groups.g.any_order.1: is no step; there are: pick, place",
        "7: groups.place.one_of.0: is in a group already (line 6); a step is in one at most",
        "7: groups.place: is also the name of a step; give it another",
        "8: cycle.starts_with: is no step; did you mean pick?",
    ]


def test_a_circle_is_told_once_with_its_way(tmp_path: Path) -> None:
    text = """\
name: w
steps:
  a: {after: [c]}
  b: {after: [g]}
  c: {after: [b]}
groups:
  g: {any_order: [a]}
"""
    assert mistakes(tmp_path, text) == ["3: steps.a.after: waits for itself: a after c after b after a; take one away"]


def test_a_step_that_nobody_can_reach_is_told(tmp_path: Path) -> None:
    text = """\
name: w
steps:
  a: {after: [z]}
  b: {after: [a]}
  c: {after: [b, x]}
  x: {}
  y: {}
  z: {}
groups:
  g: {one_of: [x, y]}
cycle: {starts_with: a, ends_with: b}
"""
    assert mistakes(tmp_path, text) == [
        "5: steps.c.after.1: leaves the step out of reach where y is done instead; "
        "name the group, or make the step optional",
        "5: steps.c: cannot be reached: it comes after b, which ends the unit; change ends_with or `after`",
        "11: cycle.starts_with: begins a unit but comes after z; name a step without `after`",
    ]


def test_labels_that_no_recognizer_knows_are_told(tmp_path: Path) -> None:
    text = """\
name: w
steps:
  tighten: {undone_by: loosn}
  label: {action: stick}
cycle: {aborts_with: scrap}
"""
    assert mistakes(tmp_path, text, ("tighten", "loosen")) == [
        "3: steps.tighten.undone_by: no recognizer knows this action; did you mean loosen?",
        "4: steps.label.action: no recognizer knows the action stick; there are: tighten, loosen",
        "5: cycle.aborts_with: no recognizer knows this action; there are: tighten, loosen",
    ]
