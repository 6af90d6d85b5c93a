"""Laws of how training clips are changed."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from recognizers.nn.flow import repeats
from recognizers.train.augment import _recoloured, _turned, augmented, mixed
from recognizers.train.recipe import Recipe
from recognizers.transforms import MEAN, STD, normalised

PLAIN = Recipe(steps=1)


def noise(clips: int = 6) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 255, (clips, 4, 20, 20, 3), np.uint8)


def standing(clips: int = 6) -> np.ndarray:
    return np.repeat(noise(clips)[:, :1], 4, axis=1)


def moved(seen: torch.Tensor) -> torch.Tensor:
    """How much each clip changes over time; camera noise alone is the same in all clips of a batch."""
    return seen.diff(dim=2).abs().mean(dim=(1, 2, 3, 4))


@pytest.mark.parametrize("recipe", [PLAIN, replace(PLAIN, ghost=1.0, hide=1.0, zoom=0.4, flip=True)])
def test_the_same_draw_changes_clips_in_the_same_way(recipe: Recipe) -> None:
    one, other = (augmented(noise(), 16, recipe, np.random.default_rng(3)) for _ in range(2))
    assert one.shape == (6, 3, 4, 16, 16)
    assert torch.equal(one, other)


def test_a_ghost_stands_still() -> None:
    """Under a ghost, a clip that stands still goes on standing still: nothing moves but the camera's noise."""
    plain = augmented(standing(), 16, PLAIN, np.random.default_rng(3))
    ghostly = augmented(standing(), 16, replace(PLAIN, ghost=1.0), np.random.default_rng(3))
    assert not torch.allclose(plain, ghostly, atol=0.5)
    assert float(moved(ghostly).max()) < 0.2


def test_a_hidden_box_is_at_one_place_in_all_pictures() -> None:
    seen = augmented(noise(), 16, replace(PLAIN, hide=1.0), np.random.default_rng(3))
    calm = seen.diff(dim=2).abs().amax(dim=(1, 2)) < 0.8
    assert all(int(clip.sum()) >= 4 for clip in calm)


def test_mixup_blends_truth_as_it_blends_clips() -> None:
    clips = torch.eye(8).reshape(8, 8, 1, 1, 1)
    seen, truth = mixed(clips, torch.eye(8), 0.5, np.random.default_rng(1))
    assert torch.allclose(seen.flatten(1), truth)
    assert torch.allclose(truth.sum(dim=1), torch.ones(8))
    assert not torch.equal(truth, torch.eye(8))


def test_without_mixup_everything_stays_as_it_is() -> None:
    clips, truth = torch.randn(2, 3, 4, 5, 5), torch.eye(2)
    assert mixed(clips, truth, 0.0, np.random.default_rng(1)) == (clips, truth)


def test_a_turn_is_the_same_in_all_pictures() -> None:
    plain = augmented(standing(), 16, PLAIN, np.random.default_rng(3))
    turned = augmented(standing(), 16, replace(PLAIN, turn=40.0), np.random.default_rng(3))
    assert not torch.allclose(plain, turned, atol=0.5)
    assert float(moved(turned).max()) < 0.2


def test_a_quarter_turn_moves_the_top_to_a_side() -> None:
    clip = torch.zeros(1, 3, 2, 9, 9)
    clip[:, :, :, 0, 4] = 1.0
    draw = SimpleNamespace(uniform=lambda low, high, n: np.full(n, high))
    turned = _turned(clip, 90.0, draw)  # type: ignore[arg-type]
    assert {tuple(place) for place in (turned[0, 0, 0] > 0.9).nonzero().tolist()} in ({(4, 0)}, {(4, 8)})


def test_without_colour_all_channels_show_the_same_but_for_tint_and_noise() -> None:
    seen = augmented(noise(), 16, replace(PLAIN, grey=1.0), np.random.default_rng(3))
    pixels = seen.permute(1, 0, 2, 3, 4).flatten(1)
    assert float(torch.corrcoef(pixels).min()) > 0.9
    coloured = augmented(noise(), 16, PLAIN, np.random.default_rng(3)).permute(1, 0, 2, 3, 4).flatten(1)
    assert float(torch.corrcoef(coloured).min()) < 0.7


def test_a_picture_that_repeats_the_one_before_does_so_with_its_noise() -> None:
    """As where a camera lost some: `two_stream` knows them by that, live and while it learns."""
    clips = noise()
    clips[1, 2] = clips[1, 1]
    clips[4, 1:3] = clips[4, 0]

    seen = augmented(clips, 16, replace(PLAIN, ghost=1.0, hide=1.0, turn=20.0), np.random.default_rng(3))

    repeated = repeats(seen.transpose(1, 2))
    assert repeated.nonzero().tolist() == [[1, 1], [4, 0], [4, 1]]


def test_a_scene_that_stands_still_has_new_noise_in_every_picture() -> None:
    assert not repeats(augmented(standing(), 16, PLAIN, np.random.default_rng(3)).transpose(1, 2)).any()


def test_one_pass_over_the_colours_is_normalised_then_grey_then_gain_then_offset() -> None:
    levels = torch.randint(0, 256, (2, 4, 3, 5, 5), dtype=torch.uint8)
    gain, colour, offset = torch.rand(2, 3, 1), torch.rand(2, 1, 1), torch.rand(2, 1, 1)
    clips, wide = normalised(levels, MEAN, STD), (2, -1, 1, 1, 1)
    grey = clips.mean(dim=1, keepdim=True)
    expected = (grey + (clips - grey) * colour.view(wide)) * gain.view(wide) + offset.view(wide)

    torch.testing.assert_close(_recoloured(levels, gain, colour, offset), expected, rtol=1e-4, atol=1e-5)
