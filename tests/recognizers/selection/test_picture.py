"""Laws of the picture: everybody is on it, where they belong."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from recognizers.selection.choice import Budget, recommended
from recognizers.selection.picture import pareto_svg
from tests.recognizers.selection.test_choice import outcome

SVG = "{http://www.w3.org/2000/svg}"


def test_right_is_dearer_up_is_better_and_the_recommended_one_is_said() -> None:
    outcomes = [outcome("a<b", 0.70, 5.0), outcome("good", 0.90, 20.0), outcome("worse", 0.60, 30.0)]
    budget = Budget(ms_per_decision=25)

    drawn = ET.fromstring(pareto_svg(outcomes, budget, recommended(outcomes, budget)))

    points = [(float(one.get("cx", "")), float(one.get("cy", ""))) for one in drawn.iter(f"{SVG}circle")]
    assert points[0][0] < points[1][0] < points[2][0]
    assert points[1][1] < points[0][1] < points[2][1]
    said = [one.text for one in drawn.iter(f"{SVG}text")]
    assert "good, 90.0% (recommended)" in said
    assert "a<b, 70.0%" in said
    assert "budget" in said


def test_one_alone_that_is_never_wrong_can_be_drawn() -> None:
    outcomes = [outcome("only", 1.0, 5.0)]

    drawn = ET.fromstring(pareto_svg(outcomes, Budget(), recommended(outcomes, Budget())))

    assert len(list(drawn.iter(f"{SVG}circle"))) == 1
