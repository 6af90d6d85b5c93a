"""What must be done before what."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from streamer.procedure.graph import Procedure, Step, closure, levels, shown_edges
from streamer.procedure.made import procedure_of
from streamer.settings.procedures import ProcedureSettings


def only(*names: str) -> tuple[frozenset[str], ...]:
    return tuple(frozenset({name}) for name in names)


def test_what_must_be_done_includes_what_that_waits_for() -> None:
    steps = [Step("c", "c", only("b")), Step("a", "a"), Step("b", "b", only("a"))]
    assert closure(steps) == {"a": (), "b": only("a"), "c": only("a", "b")}
    assert levels(steps) == {"a": 0, "b": 1, "c": 2}


def test_of_alternatives_only_what_all_wait_for_is_asked() -> None:
    choice = frozenset({"x", "y"})
    steps = [
        Step("a", "a"),
        Step("b", "b"),
        Step("x", "x", only("a", "b")),
        Step("y", "y", only("a")),
        Step("end", "end", (choice,)),
    ]
    assert closure(steps)["end"] == (*only("a"), choice)


def test_an_edge_that_follows_from_others_is_not_shown() -> None:
    steps = [Step("a", "a"), Step("b", "b", only("a")), Step("c", "c", only("a", "b"))]
    assert shown_edges(steps) == (("a", "b"), ("b", "c"))


@st.composite
def orders(draw: st.DrawFn) -> list[Step]:
    """Steps each of which may wait for any before it."""
    count = draw(st.integers(1, 7))
    return [
        Step(f"s{n}", "a", only(*(f"s{m}" for m in sorted(draw(st.sets(st.integers(0, n - 1)))))) if n else ())
        for n in range(count)
    ]


@given(orders())
def test_what_is_shown_says_all_that_is_meant(steps: list[Step]) -> None:
    edges = shown_edges(steps)
    shown = [Step(one.name, "a", only(*(a for a, b in edges if b == one.name))) for one in steps]
    assert {k: set(v) for k, v in closure(shown).items()} == {k: set(v) for k, v in closure(steps).items()}


def test_groups_stand_for_their_members() -> None:
    settings = ProcedureSettings.model_validate(
        {
            "name": "w",
            "steps": {"a": {}, "b": {"action": "l"}, "c": {}, "d": {"optional": True}, "e": {"after": ["two", "one"]}},
            "groups": {"two": {"any_order": ["b", "c"], "after": ["a"]}, "one": {"one_of": ["a", "d"]}},
        }
    )
    procedure = procedure_of(settings)
    choice = frozenset({"a", "d"})
    assert {step.name: step.after for step in procedure.steps} == {
        "a": (), "b": only("a"), "c": only("a"), "d": (), "e": (*only("b", "c"), choice),
    }  # fmt: skip
    assert procedure.required() == (choice, *only("b", "c", "e"))


def test_what_is_optional_is_not_required() -> None:
    assert Procedure("w", (Step("a", "a"), Step("b", "b", optional=True))).required() == only("a")
