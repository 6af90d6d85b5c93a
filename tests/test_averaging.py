"""The benchmark of clips, crops and strides."""

from __future__ import annotations

import numpy as np
import torch

from benchmarks.averaging import table
from recognizers.validation.footage import Footage
from recognizers.validation.network import Asked
from tests.recognizers.networks import says


class BySide(torch.nn.Module):
    """Says what is bright: the middle of a clip's pictures, the left edge or the right one."""

    def forward(self, clips: torch.Tensor) -> torch.Tensor:
        light = clips.mean(dim=(1, 2, 3))
        return 9 * torch.stack([light[:, 16], light[:, 0], light[:, -1]], dim=1)


def test_every_way_to_look_is_a_row_and_crops_show_what_the_middle_does_not() -> None:
    """Something at the left edge of a wide picture: in the middle crop it is not to be seen."""
    picture = np.zeros((32, 96, 3), np.uint8)
    picture[:, :2] = 255
    shown = Footage("a", "g", ("pick",), lambda rate_hz, side_px: np.repeat(picture[None], 40, axis=0))
    network = Asked(BySide(), says(("idle", "pick", "place")), torch.device("cpu"))

    rows = table(network, [shown], 25.0)

    assert [(row.clips, row.crops) for row in rows] == [(clips, crops) for clips in (1, 3, 5, 10) for crops in (1, 3)]
    assert all(row.top1 == dict.fromkeys((1, 2, 4, 8), 1.0 if row.crops == 3 else 0.0) for row in rows)
