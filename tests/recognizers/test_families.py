"""Laws of the kinds of networks: each is known everywhere under the same name, and can be made by plain numbers."""

from __future__ import annotations

from dataclasses import asdict
from typing import get_args

import pytest

from recognizers import huggingface
from recognizers.build import BUILDERS
from recognizers.families import FAMILIES
from recognizers.kinds import KINDS, TRAINED
from streamer.settings.values import Kind, TrainedKind


def test_settings_trainings_and_the_service_know_the_same_kinds() -> None:
    assert set(BUILDERS) == set(KINDS) == {*FAMILIES, huggingface.KIND}
    assert set(get_args(TrainedKind)) == set(TRAINED) == set(FAMILIES)
    assert set(get_args(Kind)) == set(KINDS)


@pytest.mark.parametrize("kind", FAMILIES)
def test_every_kind_has_a_small_size_for_two_cores(kind: str) -> None:
    size = FAMILIES[kind].named("small", {})
    network = FAMILIES[kind].network(size, 5)
    assert sum(one.numel() for one in network.parameters()) < 6_000_000
    assert size.frames >= 1


def test_numbers_of_a_named_size_can_be_changed() -> None:
    size = FAMILIES["slowfast"].named("small", {"depths": [1, 2, 1, 1], "frames": 8})
    assert (size.depths, size.frames) == ((1, 2, 1, 1), 8)  # type: ignore[attr-defined]


def test_what_is_not_known_is_told_with_what_is() -> None:
    with pytest.raises(ValueError, match="no size 'tiny'; there are: small, r50_4x16"):
        FAMILIES["slowfast"].named("tiny", {})
    with pytest.raises(ValueError, match="no number colour; there are: alpha, beta_inv"):
        FAMILIES["slowfast"].named("small", {"colour": 1})


@pytest.mark.parametrize(
    ("kind", "numbers", "says"),
    [
        ("slowfast", {"causal": "no"}, "causal is 'no'; it must be true or false"),
        ("slowfast", {"alpha": True}, "alpha is true; it must be a whole number"),
        ("slowfast", {"frames": "8"}, "frames is '8'; it must be a whole number"),
        ("slowfast", {"depths": [1, 1, 1]}, r"depths is \[1, 1, 1\]; it must be a list of 4, each a whole number"),
        ("slowfast", {"width": 0}, "^width is 0; it must be at least 1$"),
        ("slowfast", {"fusion_kernel": 4}, "^fusion_kernel is 4; kernels must be odd, so that they have a middle$"),
        ("slowfast", {"dropout": 1}, "^dropout is 1; it must be at least 0 and below 1$"),
        ("slowfast", {"dropout": float("nan")}, "dropout is nan; it must be a number"),
        ("single_frame", {"frames": 1_000_000}, "frames is 1000000; it must be at most 16384"),
        ("single_frame", {"depths": "1111"}, "depths is '1111'; it must be a list, each a whole number"),
        ("single_frame", {"depths": [1, 300]}, r"depths is \[1, 300\]; it must be at most 256"),
        ("crnn", {"cold": 1.5}, "cold is 1.5; it must be a whole number"),
        ("crnn", {"cell": 3}, "cell is 3; it must be text"),
        ("san", {"depth": 1.5}, "depth is 1.5; it must be a whole number"),
        ("san", {"persons": 1.5}, "persons is 1.5; it must be a whole number"),
        ("san", {"variant": "v4"}, "variant is 'v4'; it must be one of v1, v2, v3"),
        ("x3d", {"widening": "2"}, "widening is '2'; it must be a number"),
        ("two_stream", {"weights": [1]}, r"weights is \[1\]; it must be a list of 2, each a number"),
    ],
)
def test_a_number_of_another_type_or_size_is_named_with_what_would_be_right(
    kind: str, numbers: dict[str, object], says: str
) -> None:
    with pytest.raises(ValueError, match=says) as told:
        FAMILIES[kind].named("small", numbers)
    assert "Size(" not in str(told.value)


@pytest.mark.parametrize("kind", FAMILIES)
def test_a_card_gives_every_number_of_a_network_and_each_of_its_type(kind: str) -> None:
    size = FAMILIES[kind].named("small", {})
    numbers = asdict(size)  # type: ignore[call-overload]
    assert FAMILIES[kind].described(numbers) == size
    with pytest.raises(ValueError, match=r"frames is 4\.0; it must be a whole number"):
        FAMILIES[kind].described({**numbers, "frames": 4.0})


def test_a_card_that_lacks_a_number_is_told_which() -> None:
    with pytest.raises(ValueError, match="alpha is missing"):
        FAMILIES["slowfast"].described({"frames": 8})
