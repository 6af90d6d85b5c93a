"""What a watch may say of its events."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.streamer.settings.files import VALID, mistakes, read, write_card


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("events: {default: {min_s: 2, max_s: 2}}", "events.default: max_s (2.0) must be more than min_s (2.0)"),
        ("events: {default: {max_s: 0}}", "events.default.max_s: must be greater than 0"),
        (
            "exclusive: [[tighten, loosen]]",
            "exclusive: cell says one action at a time: all are one group already",
        ),
    ],
)
def test_a_mistake_in_the_rules_of_a_watch(tmp_path: Path, given: str, told: str) -> None:
    (mistake,) = mistakes(tmp_path, VALID.replace("cell}", f"cell, {given}}}", 1))
    assert mistake.startswith(f"7: streams.0.watches.0.{told}")


def test_groups_of_actions_that_exclude_each_other_are_of_networks_that_say_several(tmp_path: Path) -> None:
    card = write_card(tmp_path / "several.safetensors", ("sit", "stand", "wave"), multilabel=True)
    text = VALID.replace("CHECKPOINT", str(card))
    watch = read(tmp_path, text.replace("cell}", "cell, exclusive: [[sit, stand]]}")).streams[0].watches[0]
    assert watch.exclusive == (("sit", "stand"),)

    (told,) = mistakes(tmp_path, text.replace("cell}", "cell, exclusive: [[sit, stnd]]}"))
    assert told.startswith(
        "7: streams.0.watches.0.exclusive.0.1: the recognizer cell knows no such action; did you mean stand"
    )
    for wrong in ("[[sit, stand], [wave, sit]]", "[[sit]]"):
        (told,) = mistakes(tmp_path, text.replace("cell}", f"cell, exclusive: {wrong}}}"))
        assert told.startswith("7: streams.0.watches.0.exclusive: must be lists of two actions or more, each action in")


def test_actions_are_decoded_of_networks_that_say_one_at_a_time(tmp_path: Path) -> None:
    watch = read(tmp_path, VALID.replace("cell}", "cell, decode: {lag_s: 1.5}}")).streams[0].watches[0]
    assert watch.decode is not None
    assert (watch.decode.lag_s, watch.decode.typical_s) == (1.5, 3.0)

    card = write_card(tmp_path / "several.safetensors", ("sit", "stand"), multilabel=True)
    text = VALID.replace("CHECKPOINT", str(card))
    for given in ("{lag_s: 1.5}", "{}"):
        (told,) = mistakes(tmp_path, text.replace("cell}", f"cell, decode: {given}}}"))
        assert told == "7: streams.0.watches.0.decode: cell says several actions at once; give thresholds instead"
