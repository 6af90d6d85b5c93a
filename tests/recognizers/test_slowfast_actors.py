"""What each person does: the network is asked about boxes, and answers for what is in them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from recognizers.build import build_recognizer
from recognizers.checkpoint import save
from recognizers.clip import WHOLE_PICTURE, Clip, Picture, Region
from recognizers.errors import CheckpointMismatch
from recognizers.estimators.base import Found
from recognizers.models.slowfast import SlowFast
from recognizers.nn.roi import roi_align
from recognizers.prediction import Actors, Prediction
from recognizers.runtimes.localised import LocalisedRecognizer
from recognizers.transforms import fitted, normalised
from streamer.testing.estimators import BrightActors
from tests.recognizers.networks import DILATED, TINY, actors_card, random_actors, write_random_actors
from tests.recognizers.pictures import follow

TOLERANCE = 1e-4


def couple(seed: int, gap: bool = False) -> Picture:
    """Two people side by side in a wide room, 64 × 128; or nobody."""
    rng = np.random.default_rng(seed)
    picture = rng.integers(0, 100, (64, 128, 3), np.uint8)
    if not gap:
        picture[10:60, 12:40] = rng.integers(201, 256, (50, 28, 3))
        picture[6:58, 76:120] = rng.integers(201, 256, (52, 44, 3))
    return picture


def film(count: int = TINY.frames, region: Region = WHOLE_PICTURE, gap: bool = False) -> Clip:
    pictures = tuple(couple(seed, gap) for seed in range(count))
    return Clip("cam", "bench", 1, 0, 0.0, 0.56, 1000.0, 999.44, region, 1.0, pictures)


def recognizer(detector: BrightActors | None = None) -> LocalisedRecognizer:
    return LocalisedRecognizer(random_actors(), actors_card(), detector or BrightActors(), threads=1)


def answer(to: LocalisedRecognizer, clip: Clip) -> tuple[Prediction, Actors]:
    ((prediction, _),) = to.recognize([clip], [None])
    assert prediction is not None
    assert prediction.actors is not None
    return prediction, prediction.actors


def plain_scores(clip: Clip, boxes: np.ndarray) -> np.ndarray:
    """What the network says without any runtime around it."""
    its = actors_card()
    seen = normalised(fitted(clip.pictures, its.crop_px)[None], its.mean, its.std)
    owner = torch.zeros(len(boxes), dtype=torch.long)
    with torch.inference_mode():
        return torch.sigmoid(random_actors()(seen, torch.from_numpy(boxes), owner) / its.temperature).numpy()


def test_dilation_keeps_the_last_features_at_a_sixteenth_and_adds_no_weights() -> None:
    clips = torch.zeros(1, 3, TINY.frames, 64, 96)
    usual, dilated = SlowFast(TINY, 3).eval(), SlowFast(DILATED, 3).eval()

    assert [tuple(each.shape[2:]) for each in usual.maps(*usual.stems(clips))] == [(2, 3)] * 2
    assert [tuple(each.shape[2:]) for each in dilated.maps(*dilated.stems(clips))] == [(4, 6)] * 2
    assert {name: tensor.shape for name, tensor in usual.state_dict().items()} == {
        name: tensor.shape for name, tensor in dilated.state_dict().items()
    }


def test_the_largest_of_each_feature_under_a_box_decides() -> None:
    network = random_actors()
    slow, fast = torch.randn(2, 256, 4, 6), torch.randn(2, 64, 4, 6)
    boxes, owner = torch.tensor([[0.1, 0.2, 0.6, 0.9], [0.5, 0.0, 1.0, 1.0]]), torch.tensor([1, 0])

    said = network.decide(slow, fast, boxes, owner)

    in_pixels = boxes * torch.tensor([96.0, 64, 96, 64])
    under = [roi_align(each, in_pixels, owner, size=7, scale=1 / 16).flatten(2).amax(2) for each in (slow, fast)]
    torch.testing.assert_close(said, network.trunk.head(torch.cat(under, dim=1)))


def test_what_the_features_show_elsewhere_changes_nothing() -> None:
    network = random_actors()
    slow, fast = torch.randn(1, 256, 4, 8), torch.randn(1, 64, 4, 8)
    left, owner = torch.tensor([[0.0, 0.0, 0.4, 1.0]]), torch.zeros(1, dtype=torch.long)
    before = network.decide(slow, fast, left, owner)
    for each in (slow, fast):
        each[..., 5:] += 10

    torch.testing.assert_close(network.decide(slow, fast, left, owner), before)
    assert not torch.allclose(network.decide(slow, fast, torch.tensor([[0.6, 0.0, 1.0, 1.0]]), owner), before)


def test_each_person_is_scored_as_by_the_plain_network() -> None:
    clip = film()
    prediction, actors = answer(recognizer(), clip)

    assert len(actors.boxes) == 2
    np.testing.assert_allclose(actors.scores, plain_scores(clip, actors.boxes), atol=TOLERANCE)
    np.testing.assert_allclose(prediction.scores[1:], actors.scores[:, 1:].max(axis=0))
    assert prediction.scores[0] == actors.scores[:, 0].min()
    assert not prediction.exclusive


def test_a_clip_that_overlaps_the_one_before_is_answered_as_if_it_came_alone() -> None:
    shown = film(TINY.frames * 3)
    clips = [
        replace(shown, index=n, pictures=shown.pictures[first : first + TINY.frames])
        for n, first in enumerate(range(0, 17, 4))
    ]
    followed, _ = follow(recognizer(), clips)

    for prediction, clip in zip(followed, clips, strict=True):
        alone = answer(recognizer(), clip)[1]
        assert prediction.actors is not None
        np.testing.assert_allclose(prediction.actors.scores, alone.scores, atol=1e-5)


def test_nobody_there_is_the_background_for_sure_and_asks_no_network() -> None:
    ((prediction, state),) = recognizer().recognize([film(gap=True)], [None])

    assert prediction is not None
    assert prediction.scores.tolist() == [1.0, 0.0, 0.0]
    assert prediction.actors is not None
    assert (prediction.actors.boxes.shape, prediction.actors.scores.shape) == ((0, 4), (0, 3))
    assert state is None


def test_people_are_looked_for_once_in_the_middle_of_the_clip() -> None:
    class Middle(BrightActors):
        def actors(self, picture: Picture) -> Found:
            self.seen = picture
            return super().actors(picture)

    detector, clip = Middle(), film()
    recognizer(detector).recognize([clip], [None])

    assert detector.looked == 1
    assert np.array_equal(detector.seen, clip.pictures[TINY.frames // 2])


def test_boxes_are_where_people_are_in_the_whole_picture() -> None:
    whole, part = answer(recognizer(), film())[1], answer(recognizer(), film(region=Region(0.5, 0.0, 1.0, 1.0)))[1]

    assert len(part.boxes) == 2  # the halves of the one on the right
    right = max(whole.boxes.tolist())
    assert right == pytest.approx([76 / 128, 6 / 64, 120 / 128, 58 / 64])
    joined = [*part.boxes[:, :2].min(axis=0), *part.boxes[:, 2:].max(axis=0)]
    assert joined == pytest.approx(right, abs=1 / 64)


def test_it_wants_pictures_as_large_as_its_detector_does() -> None:
    detector = BrightActors()
    assert recognizer(detector).spec.short_side_px == actors_card().spec.short_side_px
    detector.short_side_px = 300
    assert recognizer(detector).spec.short_side_px == 300


@pytest.mark.parametrize(
    ("size", "becomes"),
    [((64, 128), (96, 192)), ((576, 768), (96, 128)), ((40, 31), (128, 96)), ((96, 340), (96, 352))],
)
def test_all_of_a_picture_is_fitted_to_the_short_side(size: tuple[int, int], becomes: tuple[int, int]) -> None:
    shown = np.zeros((*size, 3), np.uint8)
    shown[size[0] // 2 :, size[1] // 2 :] = 255

    (seen,) = fitted([shown], 96)

    assert tuple(seen.shape) == (3, *becomes)
    bright = torch.nonzero(seen[0] > 127)
    share = torch.tensor(becomes) / 2
    assert (bright.min(dim=0).values - share).abs().max() <= 2
    assert (bright.max(dim=0).values + 1).tolist() == list(becomes)


def test_what_cannot_be_is_refused(tmp_path: Path) -> None:
    path = write_random_actors(tmp_path / "net")
    with pytest.raises(CheckpointMismatch, match=r"no such file: .*none\.onnx"):
        build_recognizer("slowfast_actors", path, {"actor_model": tmp_path / "none.onnx"})
    save(path, replace(actors_card(), multilabel=False), random_actors().state_dict())
    with pytest.raises(CheckpointMismatch, match="must say multilabel: true"):
        build_recognizer("slowfast_actors", path, {"actors": BrightActors()})


def test_rows_that_do_not_belong_together_are_no_actors() -> None:
    with pytest.raises(ValueError, match=r"\(2, 4\), \(1,\) and \(2, 3\)"):
        Actors(np.zeros((2, 4), np.float32), np.zeros(1, np.float32), np.zeros((2, 3), np.float32))
