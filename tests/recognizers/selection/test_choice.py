"""Laws of the choice: nobody too dear, nobody dearer without a gain that chance could not give."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from recognizers.selection.choice import Budget, Outcome, pareto, recommended

CHEAP, GOOD, DEAR = 5.0, 20.0, 80.0


def outcome(name: str, right: float, ms: float, clips: int = 400) -> Outcome:
    return Outcome(name, right, clips, 0.02, ms, 2.0, 1_000_000, 60.0, f"{name}.safetensors")


def test_the_most_accurate_within_the_budget_is_recommended_and_the_others_are_told_of() -> None:
    outcomes = [outcome("cheap", 0.70, CHEAP), outcome("good", 0.90, GOOD), outcome("best", 0.97, DEAR)]

    choice = recommended(outcomes, Budget(ms_per_decision=50))

    assert choice.name == "good"
    assert choice.reasons == (
        "good is right in 90.0% of 400 held-out clips for 20.0 ms a decision",
        "cheap is 20.0% less often right, for 5.0 ms a decision",
        "best needs 80.0 ms a decision, over the budget of 50 ms",
    )


def test_a_difference_within_chance_is_not_paid_for() -> None:
    outcomes = [outcome("cheap", 0.895, CHEAP), outcome("good", 0.90, GOOD)]

    choice = recommended(outcomes, Budget())

    assert choice.name == "cheap"
    assert choice.reasons[1] == (
        "good is right in 90.0%: the difference is within chance (±1.5%), and it costs 4.0 times as much"
    )
    assert recommended(
        [outcome(one.name, one.right, one.ms_per_decision, 40_000) for one in outcomes], Budget()
    ).name == ("good")


def test_streams_a_core_are_a_budget_too() -> None:
    slow = outcome("slow", 0.99, 100.0)
    assert slow.streams_per_core == 5

    assert recommended([slow], Budget(streams_per_core=5)).name == "slow"
    choice = recommended([slow], Budget(streams_per_core=6))
    assert choice.name is None
    assert choice.reasons == ("slow needs 5.0 streams a core, under the 6 asked for",)


def test_nobody_tried_is_nobody_recommended() -> None:
    assert recommended([], Budget()).name is None


outcomes_drawn = st.lists(
    st.builds(outcome, st.uuids().map(str), st.floats(0, 1), st.floats(0.1, 1000)), min_size=1, max_size=8
)


@given(outcomes_drawn)
def test_nobody_on_the_front_is_beaten_and_everybody_else_is(outcomes: list[Outcome]) -> None:
    front = pareto(outcomes)

    def beats(one: Outcome, other: Outcome) -> bool:
        return one.right >= other.right and one.ms_per_decision <= other.ms_per_decision

    for one in outcomes:
        better = [other for other in outcomes if other is not one and beats(other, one)]
        assert (one not in front) or all(beats(one, other) for other in better)
        assert one in front or any(beats(other, one) for other in front)


@given(outcomes_drawn, st.floats(0.1, 1000))
def test_who_is_recommended_is_within_the_budget_and_nobody_cheaper_is_as_good(
    outcomes: list[Outcome], ms: float
) -> None:
    budget = Budget(ms_per_decision=ms)
    choice = recommended(outcomes, budget)
    by_name = {one.name: one for one in outcomes}
    fit = [one for one in outcomes if one.ms_per_decision <= ms]
    assert (choice.name is None) == (not fit)
    if choice.name is not None:
        taken = by_name[choice.name]
        best = max(one.right for one in fit)
        assert taken.ms_per_decision <= ms
        assert all(one.right < best for one in fit if one.ms_per_decision < taken.ms_per_decision)
