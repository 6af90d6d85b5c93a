"""A network is asked about views as they are, and a figure is the mean over them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from recognizers.data.sampling import Views
from recognizers.errors import CheckpointMismatch
from recognizers.transforms import normalised
from recognizers.validation.footage import Footage
from recognizers.validation.network import Asked, asked
from tests.recognizers.networks import write_random
from tests.recognizers.videos import write_video


def noise(count: int, height: int = 32, width: int = 48) -> NDArray[np.uint8]:
    return np.random.default_rng(4).integers(0, 256, (count, height, width, 3), np.uint8)


def footage(pictures: NDArray[np.uint8]) -> Footage:
    return Footage("noise", "g", ("pick",), lambda rate_hz, side_px: pictures)


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Asked:
    return asked(str(write_random(tmp_path_factory.mktemp("net") / "net.safetensors")))


def alone(network: Asked, clip: NDArray[np.uint8]) -> torch.Tensor:
    seen = normalised(torch.from_numpy(clip)[None].permute(0, 1, 4, 2, 3), network.card.mean, network.card.std)
    with torch.inference_mode():
        return network.network(seen)[0]


def test_views_are_clips_along_the_time_and_crops_from_left_to_right(network: Asked) -> None:
    pictures = noise(20)

    said = network.views(footage(pictures), Views(2, 3))

    first, last = pictures[:8], pictures[12:]
    wanted = [alone(network, clip[:, :, left : left + 32]) for clip in (first, last) for left in (0, 8, 16)]
    torch.testing.assert_close(said, torch.stack(wanted), rtol=1e-4, atol=1e-4)


def test_a_single_view_is_the_middle(network: Asked) -> None:
    pictures = noise(20)
    (said,) = network.views(footage(pictures), Views(1, 1))
    torch.testing.assert_close(said, alone(network, pictures[6:14, :, 8:40]), rtol=1e-4, atol=1e-4)


def test_a_square_picture_has_one_crop(network: Asked) -> None:
    assert network.views(footage(noise(20, width=32)), Views(2, 3)).shape == (2, 3)


def test_a_recording_that_is_too_short_shows_its_last_picture_again(network: Asked) -> None:
    pictures = noise(3)
    (said,) = network.views(footage(pictures), Views(1, 1))
    clip = pictures[[0, 1, 2, 2, 2, 2, 2, 2]][:, :, 8:40]
    torch.testing.assert_close(said, alone(network, clip), rtol=1e-4, atol=1e-4)


def test_another_interval_reads_at_another_rate(network: Asked) -> None:
    rates = []

    def read(rate_hz: float, side_px: int) -> NDArray[np.uint8]:
        rates.append((round(rate_hz, 6), side_px))
        return noise(8)

    one = Footage("noise", "g", (), read)
    network.views(one, Views(1, 1))
    network.views(one, Views(1, 1), interval_s=0.5)
    assert rates == [(12.5, 32), (2.0, 32)]


def test_a_checkpoint_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(CheckpointMismatch, match="cannot read"):
        asked(str(tmp_path / "none.safetensors"))


def test_a_classifier_of_others_is_asked_by_its_folder(tmp_path: Path) -> None:
    network = asked(str(write_video(tmp_path)))

    said = network.views(footage(noise(12, width=40)), Views(2, 3))

    assert (network.card.kind, said.shape) == ("huggingface", (6, len(network.card.labels)))
    first = network.logits([noise(12, width=40)[:4, :, :32]])
    torch.testing.assert_close(said[:1], first, rtol=1e-4, atol=1e-4)
