"""Laws of SAN: order is seen, people are interchangeable, who is not there does not matter, segments are averaged."""

from __future__ import annotations

import pytest
import torch

from recognizers.models.san import San, SanSize
from tests.recognizers.skeletons import people, random_san, tiny

VARIANTS = ("v1", "v2", "v3")


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("modalities", [("joints", "motion"), ("joints",), ("joints", "bones", "motion")], ids=len)
def test_every_variant_gives_logits(variant: str, modalities: tuple[str, ...]) -> None:
    size = tiny(variant=variant, modalities=modalities, segments=2)
    assert San(size, 5)(people(size, clips=4)).shape == (4, 5)


def test_what_is_brought_together_late_has_parts_of_its_own() -> None:
    parts = {variant: San(tiny(variant=variant), 3) for variant in VARIANTS}
    assert [len(parts[variant].encoders) for variant in VARIANTS] == [1, 2, 2]
    assert [len(parts[variant].streams) for variant in VARIANTS] == [1, 1, 2]


@pytest.mark.parametrize("variant", VARIANTS)
def test_played_backwards_it_is_something_else(variant: str) -> None:
    network = random_san(tiny(variant=variant))
    clips = people(network.size)
    forwards, backwards = network(clips).softmax(1), network(clips.flip(2)).softmax(1)
    assert float((forwards - backwards).abs().max()) > 0.01


def test_a_twin_that_knows_no_places_cannot_see_order() -> None:
    """Joints alone, frame by frame, without places: attention and a mean are the same in any order."""
    network = random_san(tiny(modalities=("joints",), kernel=1))
    clips = people(network.size)
    shuffled = clips[:, :, [3, 0, 7, 2, 6, 1, 5, 4]]
    assert float((network(clips) - network(shuffled)).abs().max()) > 0.01
    torch.nn.init.zeros_(network.streams[0].place)
    torch.testing.assert_close(network(clips), network(shuffled), atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("variant", VARIANTS)
def test_people_are_interchangeable(variant: str) -> None:
    network = random_san(tiny(variant=variant))
    clips = people(network.size)
    torch.testing.assert_close(network(clips), network(clips.flip(4)))


@pytest.mark.parametrize("variant", VARIANTS)
def test_who_is_not_there_does_not_matter(variant: str) -> None:
    network = random_san(tiny(variant=variant))
    alone = people(network.size)
    alone[:, -1, ..., 1] = 0
    elsewhere = alone.clone()
    elsewhere[:, :-1, ..., 1] = torch.nan

    torch.testing.assert_close(network(alone), network(elsewhere))
    torch.testing.assert_close(network(alone), random_san(tiny(variant=variant, persons=1))(alone[..., :1]))


def test_a_second_person_is_seen() -> None:
    network = random_san(tiny())
    both = people(network.size)
    alone = both.clone()
    alone[:, -1, ..., 1] = 0
    assert float((network(both) - network(alone)).abs().max()) > 0.01


def test_nobody_is_an_answer_too_and_disturbs_no_other() -> None:
    network = random_san(tiny())
    clips = people(network.size)
    empty = clips.clone()
    empty[0, -1] = 0
    assert torch.isfinite(network(empty)).all()
    torch.testing.assert_close(network(empty)[1:], network(clips)[1:])


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_batch_of_n_equals_n_of_one(variant: str) -> None:
    network = random_san(tiny(variant=variant, segments=2))
    clips = people(network.size)
    torch.testing.assert_close(network(clips), torch.cat([network(clip[None]) for clip in clips]))


def test_segments_are_averaged() -> None:
    network = random_san(tiny(segments=2, modalities=("joints",)))
    half = random_san(tiny(frames=4, modalities=("joints",)))
    clips = people(network.size)
    clips[..., 4:, :, :] = clips[..., :4, :, :]
    # Both pieces are alike, so that they share the unit of length with the whole.
    torch.testing.assert_close(network(clips), half(clips[:, :, :4]))
    clips[:, :, 4:] = clips[:, :, :4].flip(2)
    expected = (half(clips[:, :, :4]) + half(clips[:, :, 4:])) / 2
    torch.testing.assert_close(network(clips), expected)


@pytest.mark.parametrize(
    ("numbers", "says"),
    [
        ({"layout": "octopus"}, "no layout 'octopus'; there are: coco17"),
        ({"coordinates": 4}, "a joint has 2 or 3"),
        ({"variant": "v4"}, "no variant 'v4'; there are: v1, v2, v3"),
        ({"modalities": ("smell",)}, "there are: joints, bones, motion"),
        ({"layout": "fingertip", "modalities": ("bones",)}, "has no bones"),
        ({"segments": 3}, "must be a multiple of segments"),
        ({"width": 9}, "must be a multiple of heads"),
        ({"kernel": 2}, "must be odd"),
        ({"depth": 0}, "at least 1"),
        ({"dropout": 0.5}, "below 0.5"),
    ],
)
def test_numbers_that_do_not_go_together_are_refused(numbers: dict[str, object], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        tiny(**numbers)


def test_sizes_are_as_large_as_they_say() -> None:
    count = sum(one.numel() for one in San(SanSize(), 20).parameters())
    assert count < 500_000
