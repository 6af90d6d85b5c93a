"""Laws of the kinds of networks: each is known everywhere under the same name, and can be made by plain numbers."""

from __future__ import annotations

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
