"""The fastest way is taken among those that say what the network says."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from recognizers.errors import CheckpointMismatch
from recognizers.runtimes.fastest import TOLERANCE, Look, Trial, fastest, is_faithful, seconds_of, trial_clips
from tests.recognizers.networks import LABELS, card

LOGITS = torch.tensor([[0.0, 8.0, 4.0], [1.0, 2.0, 3.0]])


def trial() -> Trial:
    return Trial(card(), trial_clips(len(LOGITS), frames=8, side_px=16), LOGITS)


def saying(logits: Tensor) -> Look:
    return lambda _: logits


def failing() -> Look:
    raise RuntimeError("no kernel for it")


def refusing() -> Look:
    raise CheckpointMismatch("its library cannot run it")


def taken(took_s: dict[str, float], **ways: Callable[[], Look]) -> Look:
    """Which of the ways is taken where each takes so long."""
    plain = saying(LOGITS)
    made: dict[Look, float] = {plain: took_s["plain"]}

    def measured(name: str, make: Callable[[], Look]) -> Callable[[], Look]:
        def way() -> Look:
            look = make()
            made[look] = took_s[name]
            return look

        return way

    named = {name: measured(name, make) for name, make in ways.items()}
    return fastest({"plain": lambda: plain, **named}, trial(), lambda look, _: made[look])


def test_the_fastest_faithful_way_is_taken() -> None:
    slow, fast, wrong = saying(LOGITS + 1e-4), saying(LOGITS - 1e-4), saying(LOGITS.flip(1))
    took_s = {"plain": 3.0, "slow": 4.0, "fast": 2.0, "wrong": 1.0, "failing": 0.5, "refusing": 0.5}
    ways = {"slow": lambda: slow, "wrong": lambda: wrong, "fast": lambda: fast, "failing": failing}
    ways["refusing"] = refusing
    assert taken(took_s, **ways) is fast


def test_the_plain_way_is_taken_where_no_other_will_do() -> None:
    wrong = saying(LOGITS.flip(1))
    assert torch.equal(taken({"plain": 9.0, "wrong": 1.0}, wrong=lambda: wrong)(LOGITS), LOGITS)


@pytest.mark.parametrize(
    ("logits", "faithful"),
    [
        (LOGITS, True),
        (LOGITS + torch.tensor([TOLERANCE, 0, 0]), True),
        (LOGITS + torch.tensor([1.0, 0, 0]), False),
        (LOGITS * torch.nan, False),
        (LOGITS + torch.tensor([torch.inf, 0, 0]), False),
    ],
    ids=["the same", "a little off", "off", "not a number", "infinite"],
)
def test_a_way_whose_scores_are_off_is_not_faithful(logits: Tensor, faithful: bool) -> None:
    assert is_faithful(saying(logits), trial()) is faithful


def test_trials_are_pictures_that_differ() -> None:
    clips = trial_clips(3, frames=8, side_px=16)
    assert clips.shape == (3, 8, 3, 16, 16)
    assert clips.dtype == torch.uint8
    assert clips.float().std(dim=(1, 2, 3, 4)).min() > 5
    assert (clips[:, 0] != clips[:, -1]).any(dim=(1, 2, 3)).all()
    assert len(LABELS) == LOGITS.shape[1]


def test_a_way_that_does_more_takes_longer() -> None:
    less, more = torch.randn(8, 8), torch.randn(600, 600)
    assert seconds_of(lambda _: more @ more @ more, less) > seconds_of(lambda _: less @ less, less)
