"""Whole small sets in the published forms, to the official figures: counted by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from recognizers.clip import Picture
from recognizers.data.sampling import Views
from recognizers.errors import DataError
from recognizers.estimators.base import Found
from recognizers.validation.network import Asked
from recognizers.validation.network import asked as network_asked
from recognizers.validation.validate import Wanted, validated
from tests.recognizers.data.datasets import quiet, write_ava, write_charades
from tests.recognizers.networks import says
from tests.recognizers.skeletons import tiny, write_random_san, write_skeletons


class ByPlace(nn.Module):
    """Says of people on the left that they stand, of those on the right that they rather talk."""

    def forward(self, clips: Tensor, boxes: Tensor, owner: Tensor) -> Tensor:
        assert clips.shape[1:] == (3, 8, 32, 32)
        left = torch.tensor([-9.0, 2.0, 0.0])
        right = torch.tensor([-9.0, 1.0, 1.0])
        return torch.stack([left if box[0] < 0.3 else right for box in boxes])


class ByLight(nn.Module):
    """The brighter, the surer of the first and the last label, and the less sure of the second."""

    def forward(self, clips: Tensor) -> Tensor:
        light = clips.mean(dim=(1, 2, 3, 4))
        return torch.stack([torch.full_like(light, -9.0), light, -light, light], dim=1)


def asked(network: nn.Module, kind: str, *labels: str) -> Asked:
    return Asked(network, replace(says(("background", *labels), multilabel=True), kind=kind), torch.device("cpu"))


def figures(network: Asked, data: str, detector: Any = None) -> dict[str, Any]:
    return validated(network, Wanted("net", data, Views(2, 3)), detector, quiet)[0]


AVA = ("stand", "talk to (e.g., self)")


def test_frame_map_of_ava_by_hand(tmp_path: Path) -> None:
    """Two people in second 902 and in 903, nobody in 905. Who stands are those on the left: found before all others, 1.
    Who talks: right in 902 (right), right in 903 (wrong), left in 902, left in 903: 1, 3/4 and 3/4 of three."""
    told = figures(asked(ByPlace(), "slowfast_actors", *AVA), f"ava:{write_ava(tmp_path)}")

    assert (told["videos"], told["key_frames"], told["boxes"]) == (1, 3, "truth")
    assert told["average_precision"] == {AVA[0]: 1.0, AVA[1]: pytest.approx((1 + 0.75 + 0.75) / 3, abs=1e-4)}
    assert told["frame_map"] == pytest.approx((1 + 2.5 / 3) / 2, abs=1e-4)


def test_people_who_are_found_elsewhere_are_wrong_and_those_who_are_not_found_are_missed(tmp_path: Path) -> None:
    class OnTheLeft:
        short_side_px = 32

        def actors(self, picture: Picture) -> Found:
            """The one on the left, surely; and a shadow."""
            boxes = np.array([[0.1, 0.2, 0.4, 0.9], [0.0, 0.0, 0.05, 0.05]], np.float32)
            return Found(boxes, np.array([0.8, 0.9], np.float32))

    told = figures(asked(ByPlace(), "slowfast_actors", *AVA), f"ava:{write_ava(tmp_path)}", OnTheLeft())

    # Three pictures have a surer shadow each, which come first: wrong x3, then the two on the left, then, in the
    # picture of nobody, one more that is wrong. Standing: 2 of 2 at 2/5; talking: 2 of 3.
    assert told["boxes"] == "detector"
    assert told["average_precision"] == {
        AVA[0]: pytest.approx(2 / 5, abs=1e-4),
        AVA[1]: pytest.approx(0.8 / 3, abs=1e-4),
    }


def test_map_of_charades_by_hand(tmp_path: Path) -> None:
    """One video shows all three actions, the other the last: of walking and running, which are ranked the other way
    round, one is right at once and the other in the second place; the last is right in both."""
    told = figures(asked(ByLight(), "slowfast", "walk", "run", "jump"), f"charades:{write_charades(tmp_path)}")

    assert told["videos"] == 2
    assert sorted([told["average_precision"]["walk"], told["average_precision"]["run"]]) == [0.5, 1.0]
    assert told["average_precision"]["jump"] == 1.0
    assert told["map"] == pytest.approx(2.5 / 3, abs=1e-4)
    assert told["live"]["map"] == pytest.approx(2.5 / 3, abs=1e-4)


def test_sequences_of_skeletons_are_judged_whole(tmp_path: Path) -> None:
    """One of three subjects is held out; each has done two things twice."""
    size = tiny(layout="kinect20", coordinates=3)
    network = network_asked(str(write_random_san(tmp_path / "san.safetensors", size)))

    told = figures(network, f"skeletons:{write_skeletons(tmp_path / 'moves.npz')}")

    assert (told["videos"], told["views"]) == (4, "1x1")
    assert sum(map(sum, told["confusion"])) == 4
    assert set(told["recall"]) == {"sit", "stand"}


@pytest.mark.parametrize(
    ("kind", "data", "wrong"),
    [("slowfast", "ava", "is for a slowfast_actors"), ("slowfast_actors", "charades", "looks at people in boxes")],
)
def test_data_that_the_network_does_not_look_at_is_told(tmp_path: Path, kind: str, data: str, wrong: str) -> None:
    write = {"ava": write_ava, "charades": write_charades}[data]
    with pytest.raises(DataError, match=wrong):
        figures(asked(ByLight(), kind, "walk"), f"{data}:{write(tmp_path)}")
