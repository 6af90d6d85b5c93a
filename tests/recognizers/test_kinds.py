"""Laws of the table of kinds: whatever it names is there, and it answers for every kind."""

from __future__ import annotations

import pytest

from recognizers.kinds import DATA, KINDS, OPTIONS, TRAINED, mislabelled, misplaced, unlearnable
from recognizers.train.plan import SOURCES
from streamer.settings.sections import RecognizerSection
from streamer.settings.training import DataSection


def test_every_option_is_a_setting_and_some_kind_takes_it() -> None:
    assert set(OPTIONS) <= set(RecognizerSection.model_fields)
    assert set(OPTIONS) == {option for kind in KINDS.values() for option in kind.options}
    assert {kind.finder for kind in KINDS.values()} <= {None, *OPTIONS}


def test_every_kind_of_data_can_be_given_and_read_and_teaches_some_kind() -> None:
    assert set(DATA) == set(DataSection.model_fields) == set(SOURCES)
    assert set(DATA) == {data for kind in KINDS.values() for data in kind.data}


@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize("kind", KINDS)
def test_an_option_is_taken_by_its_own_kinds_and_refused_by_name_by_all_others(kind: str, option: str) -> None:
    said = misplaced(kind, {option: "anything", "threads": 2}).get(option)
    if option in KINDS[kind].options:
        assert said is None
    else:
        assert said is not None
        assert said.startswith(f"{option}: ")
        assert f"a {kind}" in said


@pytest.mark.parametrize("kind", KINDS)
def test_a_runtime_is_taken_by_whoever_can_be_run_by_it_and_auto_by_all(kind: str) -> None:
    assert misplaced(kind, {"runtime": "auto"}) == {}
    assert misplaced(kind, {"runtime": "torch"}) == {}
    said = misplaced(kind, {"runtime": "openvino"})
    assert (not said) == ("openvino" in KINDS[kind].runtimes)


@pytest.mark.parametrize("kind", KINDS)
def test_all_that_a_kind_does_not_take_is_told_at_once(kind: str) -> None:
    said = misplaced(kind, {**dict.fromkeys(OPTIONS, "anything"), "runtime": "openvino", "average_clips": 2})
    known = KINDS[kind]
    others = {
        *({"runtime"} if "openvino" not in known.runtimes else ()),
        *({"average_clips"} if not known.averages else ()),
    }
    assert set(said) == set(OPTIONS) - set(known.options) | others


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_can_say_one_label_at_a_time_or_several_or_both(kind: str) -> None:
    can = {several for several in (False, True) if mislabelled(kind, several) is None}
    assert can == {"one": {False}, "any": {False, True}, "each": {True}}[KINDS[kind].labels]


@pytest.mark.parametrize("data", DATA)
@pytest.mark.parametrize("kind", TRAINED)
def test_what_a_kind_cannot_learn_from_is_told_with_what_would_be_right(kind: str, data: str) -> None:
    said = unlearnable(kind, data)
    if data in KINDS[kind].data:
        assert said is None
    else:
        assert said is not None
        assert "; give data." in said or "; train a " in said
