"""Flow as a network sees it: per time step, whatever a camera lost; nothing where nothing moves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from recognizers.models.streams import TwoStreamSize
from recognizers.models.two_stream import TwoStream
from recognizers.nn.flow import per_step, repeats
from recognizers.transforms import MEAN, STD, as_pictures, normalised
from streamer.testing.estimators import BrightestFlow

SIZE = TwoStreamSize(frames=6, width=8, depths=(1, 1), dropout=0.0)


def dots(*places: int) -> Tensor:
    """`(1, T, 3, 32, 96)` uint8: a bright dot, so far right in each picture."""
    pictures = torch.zeros(1, len(places), 3, 32, 96, dtype=torch.uint8)
    for picture, place in zip(pictures[0], places, strict=True):
        picture[:, 16, place] = 255
    return pictures


class Seen(torch.nn.Module):
    """A fusion that only keeps what it is shown."""

    look = torch.nn.Identity()

    def decide(self, looked: Tensor, fields: Tensor) -> Tensor:
        self.fields = fields
        return torch.zeros(len(looked), 2)


def temporal_input(pictures: Tensor, size: TwoStreamSize = SIZE) -> Tensor:
    """`(T - 1, C, H, W)` what the temporal network of a clip sees."""
    network = TwoStream(replace(size, frames=pictures.shape[1]), 2).eval()
    network.estimator = BrightestFlow()
    network.fusion = Seen()  # type: ignore[assignment]
    network(normalised(pictures, MEAN, STD))
    seen: Tensor = network.fusion.fields[0]
    return seen


def across(pictures: Tensor) -> list[float]:
    """Pixels to the right that the temporal network sees of each step."""
    seen = temporal_input(pictures)
    assert torch.equal(seen, seen[:, :, :1, :1].expand_as(seen))
    assert not seen[:, 1].any()
    return [round(20 * float(one), 4) for one in seen[:, 0, 0, 0]]


def test_a_step_is_seen_in_shares_of_the_limit_and_never_beyond() -> None:
    assert across(dots(10, 14, 13)) == [4, -1]
    assert across(dots(10, 30, 70, 0)) == [20, 20, -20]


def test_what_moved_while_a_picture_stood_is_shared_among_its_steps() -> None:
    """The same motion, all pictures there and some of them lost."""
    assert across(dots(10, 13, 16, 19, 22)) == [3, 3, 3, 3]
    assert across(dots(10, 13, 13, 13, 22)) == [3, 3, 3, 3]
    assert across(dots(10, 10, 16, 16, 22)) == [3, 3, 3, 3]


def test_a_fast_motion_over_lost_pictures_is_cut_by_its_pace_not_by_its_length() -> None:
    assert across(dots(10, 10, 10, 46)) == [12, 12, 12]


def test_after_the_last_new_picture_nothing_is_known_to_move() -> None:
    assert across(dots(10, 14, 14, 14)) == [4, 0, 0]
    assert across(dots(10, 10, 10)) == [0, 0]


@pytest.mark.parametrize("flow", ["dis_ultrafast", "dis_fast", "dis_medium", "rgb_difference"])
@pytest.mark.parametrize("fusion", ["early", "late", "conv"])
def test_a_still_clip_is_no_motion_to_any_network(flow: str, fusion: str) -> None:
    size = replace(SIZE, flow=flow, fusion=fusion)
    network, kept = TwoStream(size, 2).eval(), Seen()
    network.fusion = kept  # type: ignore[assignment]
    rng = np.random.default_rng(3)
    still = torch.from_numpy(rng.integers(0, 256, (1, 1, 3, 64, 64), np.uint8)).expand(-1, size.frames, -1, -1, -1)

    network(normalised(still, MEAN, STD))

    assert kept.fields.shape == (1, size.steps, network.estimator.channels, 64, 64)
    assert not kept.fields.any()


def test_fields_of_clips_in_a_batch_are_shared_each_by_its_own_repeats() -> None:
    fields = torch.arange(1.0, 9).view(2, 4, 1, 1, 1)
    repeated = torch.tensor([[True, False, False, True], [False, True, True, False]])

    shared = per_step(fields, repeated)[:, :, 0, 0, 0]

    torch.testing.assert_close(shared, torch.tensor([[1, 1, 3, 0], [5, 8 / 3, 8 / 3, 8 / 3]]))


def test_a_repeat_is_the_whole_picture_once_more() -> None:
    pictures = torch.cat((dots(10, 10, 12, 12), dots(1, 2, 2, 1)))
    pictures[0, 3, 0, 0, 0] = 1

    assert repeats(pictures).tolist() == [[True, False, False], [False, True, False]]


def test_pictures_come_back_from_what_a_network_sees() -> None:
    given = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (1, 4, 3, 9, 7), np.uint8))

    back = as_pictures(normalised(given, MEAN, STD).transpose(1, 2)[0])

    assert np.array_equal(np.stack(back), given[0].permute(0, 2, 3, 1))
