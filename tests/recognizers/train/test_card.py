"""Laws of what is written beside a checkpoint."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from recognizers.data.fingerprint import fingerprint
from recognizers.train.card import write_card
from recognizers.train.confusion import confusion_svg
from recognizers.train.loop import train
from tests.recognizers.train.tiny import RECIPE, quiet, tiny_plan

SVG = "{http://www.w3.org/2000/svg}"


def test_a_card_is_written_for_people_for_machines_and_as_a_picture(tmp_path: Path) -> None:
    plan = tiny_plan(tmp_path, replace(RECIPE, looks=2))
    card = train(plan, quiet, lambda _: None)

    text = write_card(plan.out, card).read_text()

    told = json.loads((tmp_path / "out.json").read_text())
    assert told["sha256"] == hashlib.sha256(plan.out.read_bytes()).hexdigest()
    assert told["labels"] == list(card.labels)
    assert told["temperature"] == card.temperature
    assert told["trained"] == json.loads(json.dumps(asdict(card)))["trained"]
    assert told["trained"]["fingerprint"] == plan.lessons(quiet).fingerprint
    assert told["trained"]["recipe"]["seed"] == 1
    assert "(out.confusion.svg)" in text
    assert f"kept is what was best on the calibration clips, after step {card.trained['step']}" in text
    assert f"`{told['trained']['fingerprint'][:16]}`" in text
    assert ElementTree.parse(tmp_path / "out.confusion.svg").getroot().tag == f"{SVG}svg"


def test_a_confusion_is_darkest_where_all_of_a_row_were_taken_for_one() -> None:
    root = ElementTree.fromstring(confusion_svg(("a", "b & <c>"), [[3, 1], [0, 8]]))
    cells = [one.get("fill") for one in root.iter(f"{SVG}rect")][1:]
    texts = [one.text for one in root.iter(f"{SVG}text")]

    assert cells[3] == "#084594"  # all of b
    assert cells[2] == "#f7fbff"  # none of b
    assert [int(str(cell)[1:3], 16) for cell in cells] == [0x44, 0xBB, 0xF7, 0x08]
    assert texts.count("b & <c>") == 2
    assert [text for text in texts if str(text).isdigit()] == ["3", "1", "8"]


def test_many_labels_and_long_ones_have_room() -> None:
    labels = tuple(f"{number} a label that is far longer than what fits" for number in range(60))
    root = ElementTree.fromstring(confusion_svg(labels, np.eye(60, dtype=int).tolist()))
    width, height = float(str(root.get("width"))), float(str(root.get("height")))
    assert all(float(str(cell.get("x", 0))) < width for cell in root.iter(f"{SVG}rect"))
    assert width == height < 1300
    assert all(len(str(text.text)) <= 28 for text in root.iter(f"{SVG}text"))


@pytest.mark.parametrize(
    "other",
    [
        (("a", "b"), {"training": [("one", "g", [0, 1])], "held_out": [("two", "g", [0])]}),
        (("a", "c"), {"training": [("one", "g", [0, 1]), ("two", "h", [0])]}),
        (("a", "b"), {"training": [("one", "g", [0, 1]), ("two", "g", [0])]}),
        (("a", "b"), {"training": [("one", "g", [0, 0]), ("two", "h", [0])]}),
        (("a", "b"), {"training": [("three", "g", [0, 1]), ("two", "h", [0])]}),
    ],
    ids=["part", "labels", "group", "shown", "name"],
)
def test_data_that_differ_in_anything_have_another_fingerprint(
    other: tuple[tuple[str, ...], dict[str, list[tuple[str, str, list[int]]]]],
) -> None:
    known = ("a", "b"), {"training": [("one", "g", [0, 1]), ("two", "h", [0])]}
    one, same, differs = (
        fingerprint(labels, {part: [(n, g, np.array(s)) for n, g, s in rows] for part, rows in parts.items()})
        for labels, parts in (known, known, other)
    )
    assert one == same
    assert one != differs
    assert len(one) == 64
