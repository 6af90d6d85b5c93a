"""Laws of the small residual network."""

import torch

from recognizers.nn.resnet2d import ResNet2d


def test_four_stages_see_pictures_at_a_thirty_second_of_their_size() -> None:
    network = ResNet2d(3, 8, (1, 1, 2, 1)).eval()
    assert network(torch.zeros(2, 3, 96, 128)).shape == (2, network.channels, 3, 4)
    assert network.channels == 64


def test_stacked_flow_is_seen_like_a_picture_of_many_channels() -> None:
    assert ResNet2d(20, 8, (1, 1))(torch.zeros(1, 20, 32, 32)).shape == (1, 16, 4, 4)
