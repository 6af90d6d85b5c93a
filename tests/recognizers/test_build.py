"""From a file to a recognizer: the right one, or a reason."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
import torch

from recognizers.build import build_recognizer
from recognizers.checkpoint import load, save
from recognizers.errors import CheckpointMismatch
from recognizers.runtimes.averaged import AveragedRecognizer
from recognizers.runtimes.carried import CarriedRecognizer
from recognizers.runtimes.featured import FeaturedRecognizer
from tests.recognizers.networks import LABELS, TINY, card, random_slowfast, write_random
from tests.recognizers.pictures import CRNN, write


def test_a_recognizer_says_what_its_card_says(tmp_path: Path) -> None:
    recognizer = build_recognizer("slowfast", write_random(tmp_path / "net"), {})

    assert (recognizer.spec, recognizer.labels, recognizer.background) == (card().spec, LABELS, "idle")


def test_the_hop_can_be_another_and_none_is_the_cards(tmp_path: Path) -> None:
    path = write_random(tmp_path / "net")

    assert build_recognizer("slowfast", path, {"hop_s": 2.0}).spec == replace(card().spec, hop_s=2.0)
    assert build_recognizer("slowfast", path, {"hop_s": None}).spec == card().spec


def test_half_precision_weights_are_taken_as_whole(tmp_path: Path) -> None:
    state = {
        name: one.half() if one.is_floating_point() else one for name, one in random_slowfast().state_dict().items()
    }
    save(tmp_path / "net", card(), state)

    assert build_recognizer("slowfast", tmp_path / "net", {}).labels == LABELS


def test_a_recurrent_network_can_carry_on_and_every_recognizer_can_be_averaged(tmp_path: Path) -> None:
    path = write(tmp_path / "net", "crnn", CRNN)

    assert isinstance(build_recognizer("crnn", path, {}), FeaturedRecognizer)
    assert isinstance(build_recognizer("crnn", path, {"state": "carried"}), CarriedRecognizer)
    assert isinstance(build_recognizer("crnn", path, {"average_clips": 3}), AveragedRecognizer)


def refused(path: Path, kind: str = "slowfast") -> str:
    with pytest.raises(CheckpointMismatch) as error:
        build_recognizer(kind, path, {})
    return str(error.value)


def test_another_kind_is_refused(tmp_path: Path) -> None:
    path = write_random(tmp_path / "net")

    assert "is of kind 'slowfast', not 'san'; give the right file or kind" in refused(path, "san")


def test_a_name_that_does_not_ship_is_refused() -> None:
    with pytest.raises(CheckpointMismatch, match="no checkpoint bundled:nowhere ships"):
        build_recognizer("slowfast", "bundled:nowhere", {})


@pytest.mark.parametrize(
    "numbers",
    [
        {"colour": 1},
        {"alpha": 0},
        {"alpha": "four"},
        {"depths": (1, 1)},
        {"depths": 3},
        {"width": 12.5},
        {"dropout": 7},
        {"width": 2**40},
    ],
    ids=str,
)
def test_a_card_that_describes_no_network_is_refused(tmp_path: Path, numbers: dict[str, Any]) -> None:
    _, tensors = load(write_random(tmp_path / "net"))
    save(tmp_path / "net", replace(card(), network={**asdict(TINY), **numbers}), tensors)

    assert "the card does not describe a slowfast network" in refused(tmp_path / "net")


def test_clips_of_another_length_than_the_networks_are_refused(tmp_path: Path) -> None:
    longer = replace(card(), spec=replace(card().spec, frames=16))
    save(tmp_path / "net", longer, random_slowfast().state_dict())

    assert "clips have 16 pictures, the network takes 8" in refused(tmp_path / "net")


def test_every_kind_of_misfit_is_named_and_many_are_counted(tmp_path: Path) -> None:
    state = random_slowfast().state_dict()
    state["head.ema"] = state.pop("head.bias")
    state["head.weight"] = torch.zeros(2, 2)
    save(tmp_path / "net", card(), state)

    said = refused(tmp_path / "net")
    assert "missing head.bias; unknown head.ema; head.weight is (2, 2) where the network has (3, " in said

    save(tmp_path / "net", replace(card(), network=asdict(replace(TINY, width=16))), random_slowfast().state_dict())
    assert "slow_stem.conv.weight is (8, 3, 1, 7, 7) where the network has (16, 3, 1, 7, 7)" in refused(
        tmp_path / "net"
    )
    assert " more" in refused(tmp_path / "net")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"hop_s": 0.001}, "hop_s: 0.001 s is no picture further, since pictures of a clip are 0.08 s apart"),
        ({"mode": "delayed", "hop_s": 86400.0}, "hop_s: all pictures of 86400 s would be kept"),
    ],
)
def test_a_hop_that_a_recognizer_cannot_keep_up_with_is_refused(
    tmp_path: Path, options: dict[str, object], says: str
) -> None:
    with pytest.raises(CheckpointMismatch, match=says):
        build_recognizer("slowfast", write_random(tmp_path / "random.safetensors"), options)
