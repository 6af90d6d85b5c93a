"""Procedures from recordings."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.errors import ConfigError
from streamer.procedure.graph import levels
from streamer.procedure.learning import Done, precedence, proposed, written
from streamer.procedure.made import procedure_of
from streamer.procedure.recorded import recorded_cycle
from streamer.settings import load_procedure


def cycle(names: str, seconds: float = 2.0) -> list[Done]:
    return [Done(name, 3.0 * n, 3.0 * n + seconds) for n, name in enumerate(names)]


def test_a_few_sequences_prove_nothing() -> None:
    assert not precedence(["ab"] * 7).broken_by("b", ())
    assert precedence(["ab"] * 8).broken_by("b", ())
    assert not precedence(["ab"] * 8).broken_by("b", "a")


def test_an_action_that_nobody_did_breaks_the_order() -> None:
    assert precedence(["ab"]).broken_by("c", "ab")


def test_what_all_good_cycles_share_is_proposed() -> None:
    found = proposed("w", [cycle("abbcd"), cycle("acbbd"), cycle("abbd", 4.0)])
    steps = {step.name: step for step in found.steps}
    assert {name: {one for clause in step.after for one in clause} for name, step in steps.items()} == {
        "a": set(), "b": {"a"}, "c": {"a"}, "d": {"b", "c"},
    }  # fmt: skip
    assert (steps["b"].repeat, steps["c"].optional, steps["d"].optional) == (2, True, False)
    assert (steps["a"].min_s, steps["a"].typical_s, steps["a"].max_s) == (1.0, 2.0, 6.0)
    assert (found.starts_with, found.ends_with, found.takt_s) == ("a", "d", 14.0)


@given(st.lists(st.text("abcd", min_size=1, max_size=6), min_size=2, max_size=6))
def test_what_is_proposed_is_a_procedure(names: list[str]) -> None:
    found = proposed("w", [cycle(one) for one in names])
    assert set(levels(found.steps)) == set("".join(names))


@given(st.lists(st.text("abcd", min_size=1, max_size=6), min_size=2, max_size=6))
def test_what_is_written_is_read_again(tmp_path_factory: pytest.TempPathFactory, names: list[str]) -> None:
    found = proposed("w", [cycle(one) for one in names])
    file = tmp_path_factory.mktemp("learned") / "w.yaml"
    file.write_text(written(found))
    again = procedure_of(load_procedure(file, {}))
    assert set(again.steps) == set(found.steps)
    assert (again.starts_with, again.ends_with, again.takt_s) == (found.starts_with, found.ends_with, found.takt_s)


def test_a_file_that_holds_no_cycle_is_told(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    for text, told in (("nonsense\n{}", ":1: is no event"), ("", "exactly one watch"), (None, "cannot be read")):
        if text is None:
            file.unlink()
        else:
            file.write_text(text)
        with pytest.raises(ConfigError, match=told):
            recorded_cycle(file)


def test_a_long_file_of_something_else_is_told_in_few_lines(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text("[1]\n" * 1000)
    with pytest.raises(ConfigError) as refused:
        recorded_cycle(file)
    assert len(str(refused.value).splitlines()) == 5
