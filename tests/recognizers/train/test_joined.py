"""Lessons of several sets: each gives its share, and only the one that is left out judges."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from recognizers.train.joined import JoinedLessons
from recognizers.train.lessons import Part
from recognizers.train.validate import Answers


@dataclass(frozen=True, slots=True)
class Numbers:
    """Lessons whose inputs are all one number."""

    number: int
    labels: tuple[str, ...] = ("none", "some")
    background: str = "none"
    description: str = "numbers"

    @property
    def fingerprint(self) -> str:
        return str(self.number)

    def batch(self, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        return torch.full((8, 3), float(self.number)), torch.full((8, 2), float(self.number))

    def judged(self, network: nn.Module, part: Part) -> Answers:
        return Answers(torch.full((2, 2), float(self.number)), np.array([self.number] * 2))


@pytest.mark.parametrize("count", [1, 2, 3])
def test_each_part_gives_an_equal_share_of_inputs_with_their_truth(count: int) -> None:
    inputs, truth = JoinedLessons([Numbers(n) for n in range(count)], None).batch(np.random.default_rng(1))
    assert isinstance(inputs, Tensor)
    assert torch.equal(inputs[:, 0], truth[:, 0])
    shares = torch.bincount(inputs[:, 0].long())
    assert len(shares) == count
    assert len(set(shares.tolist())) == 1
    assert len(inputs) >= 8


def test_only_the_one_that_is_left_out_judges() -> None:
    joined = JoinedLessons([Numbers(1), Numbers(2)], Numbers(7))
    assert joined.judged(nn.Identity(), "held_out").truth.tolist() == [7, 7]
    assert len(joined.judged(nn.Identity(), "calibration").truth) == 0
    assert len(JoinedLessons([Numbers(1)], None).judged(nn.Identity(), "held_out").truth) == 0


def test_other_parts_have_another_fingerprint() -> None:
    one, other = (JoinedLessons([Numbers(1), Numbers(n)], None) for n in (2, 3))
    assert one.fingerprint != other.fingerprint
