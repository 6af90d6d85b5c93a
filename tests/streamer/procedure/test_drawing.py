"""A procedure as a picture."""

from __future__ import annotations

from xml.etree import ElementTree

from streamer.procedure.drawing import mermaid, svg
from streamer.procedure.graph import Procedure, Step

CHOICE = frozenset({"x", "y"})
WORK = Procedure(
    "<work>",
    (
        Step("a & b", "a", repeat=2, typical_s=3, max_s=5),
        Step("x", "x", (frozenset({"a & b"}),)),
        Step("y", "y", (frozenset({"a & b"}),), optional=True),
        Step('"z"', "z", (CHOICE, frozenset({"a & b"}))),
        Step("late", "late", (frozenset({'"z"'}),)),
        Step("also", "also"),
        Step("last", "last", (frozenset({"also"}), frozenset({"late"}))),
    ),
    choices=(CHOICE,),
    takt_s=60,
)
SVG = "{http://www.w3.org/2000/svg}"


def boxes(picture: ElementTree.Element) -> dict[str, tuple[float, float]]:
    """Left upper corner of each step's box."""
    found = {}
    for group in picture.iter(f"{SVG}g"):
        title, box = group.find(f"{SVG}title"), group.find(f"{SVG}rect")
        assert title is not None
        assert box is not None
        found[title.text or ""] = (float(box.attrib["x"]), float(box.attrib["y"]))
    return found


def test_the_picture_has_a_box_for_each_step_and_what_comes_later_stands_further_right() -> None:
    picture = ElementTree.fromstring(svg(WORK))
    places = boxes(picture)
    assert set(places) == {step.name for step in WORK.steps}
    assert len(set(places.values())) == len(places)
    for step in WORK.steps:
        assert all(places[one][0] < places[step.name][0] for clause in step.after for one in clause)
    assert len([one for one in picture.iter(f"{SVG}path") if one.get("class") == "edge"]) == 7
    assert "<work>, takt 60 s" in "".join(picture.itertext())


def test_a_long_edge_goes_round_boxes_in_between() -> None:
    picture = ElementTree.fromstring(svg(WORK))
    (edge,) = [one.attrib["d"] for one in picture.iter(f"{SVG}path") if one.attrib.get("d", "").count("C") > 2]
    assert edge.count("H") == 3  # over three columns that have boxes


def test_mermaid_names_every_step_and_edge() -> None:
    text = mermaid(WORK)
    assert text.splitlines()[:5] == [
        "flowchart LR",
        '  s0["a & b<br/>2 times, 3 s (at most 5 s)"]',
        '  s1{{"x"}}',
        '  s2(["y"])',
        '  s3["#quot;z#quot;"]',
    ]
    assert text.count("-->") == 7
