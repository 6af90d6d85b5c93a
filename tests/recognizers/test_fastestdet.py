"""FastestDet's own: what every detector keeps is in tests/contracts/test_actor_detector.py."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from recognizers.data.video import pictures
from recognizers.errors import CheckpointMismatch, DeviceFailed
from recognizers.estimators.boxes import apart, overlaps
from recognizers.estimators.downloads import DOWNLOADS
from recognizers.estimators.fastestdet import FastestDet

SHARED = Path(__file__).parents[2] / "../shared"
MODEL = SHARED / "models/fastestdet.onnx"
needs_model = pytest.mark.skipif(not MODEL.exists(), reason=f"{MODEL} is not here")


@needs_model
def test_people_who_cross_a_square_are_found_where_they_walk() -> None:
    """From above, at 352 pixels: four to twelve of them, upright, on the path and not on the lawn's lower corner."""
    detector = FastestDet(MODEL)
    for picture in list(pictures(SHARED / "data/clips/people_walking_cctv.mp4", 1.0, 352))[:8]:
        boxes = detector.actors(picture).boxes
        assert 3 <= len(boxes) <= 14
        sides = (boxes[:, 2:] - boxes[:, :2]) * [picture.shape[1], picture.shape[0]]
        assert (sides[:, 1] > sides[:, 0]).mean() > 0.6


@needs_model
def test_bottles_on_a_belt_are_hardly_people() -> None:
    detector = FastestDet(MODEL, least=0.65)
    seen = [len(detector.actors(one).boxes) for one in pictures(SHARED / "data/clips/bottles.mp4", 1.0, 352)]
    assert np.mean(seen) < 1


@needs_model
def test_at_most_so_many_and_the_surest_of_them() -> None:
    picture = next(pictures(SHARED / "data/clips/people_walking_cctv.mp4", 1.0, 352))
    all_, two = FastestDet(MODEL).actors(picture), FastestDet(MODEL, most=2).actors(picture)

    assert len(two.boxes) == 2 < len(all_.boxes)
    assert np.array_equal(two.boxes, all_.boxes[:2])
    assert all_.scores.min() >= 0.65


@needs_model
def test_a_picture_of_another_size_shows_the_same_people_in_the_same_places() -> None:
    large = next(pictures(SHARED / "data/clips/people_walking_cctv.mp4", 1.0, 576))
    detector = FastestDet(MODEL)
    twice = large.repeat(2, axis=0).repeat(2, axis=1)

    once, again = detector.actors(large), detector.actors(twice)

    shared = overlaps(once.boxes, again.boxes)
    assert (shared.max(axis=1) > 0.7).mean() >= 0.6


@needs_model
def test_the_file_is_the_one_in_the_table() -> None:
    import hashlib

    data = MODEL.read_bytes()
    assert (hashlib.sha256(data).hexdigest(), len(data)) == (
        DOWNLOADS["fastestdet"].sha256,
        DOWNLOADS["fastestdet"].size,
    )


@pytest.mark.parametrize("content", [b"", b"no network", b"\x08\x07" * 40])
def test_what_is_no_network_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "net.onnx"
    path.write_bytes(content)
    with pytest.raises(CheckpointMismatch, match=r"net\.onnx is no ONNX model"):
        FastestDet(path)
    with pytest.raises(CheckpointMismatch, match="cannot read the detector"):
        FastestDet(tmp_path)


class FailingSession:
    """ONNX Runtime's, where there is no memory left."""

    def get_inputs(self) -> list[SimpleNamespace]:
        return [SimpleNamespace(name="pixels")]

    def run(self, *_: object) -> list[object]:
        raise Exception("[ONNXRuntimeError] : 6 : RUNTIME_EXCEPTION : bad allocation")


def test_what_the_library_raises_loses_a_clip_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recognizers.estimators.fastestdet._session", lambda *_: FailingSession())
    with pytest.raises(DeviceFailed, match=r"ONNX Runtime failed: \[ONNXRuntimeError\] .* bad allocation"):
        FastestDet(MODEL).actors(np.zeros((40, 30, 3), np.uint8))


def test_without_the_library_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(CheckpointMismatch, match=r"pip install 'taktstream\[actors\]'"):
        FastestDet(tmp_path)


def test_overlap_is_intersection_over_union() -> None:
    boxes = np.array([[0, 0, 2, 2], [1, 0, 3, 2], [5, 5, 6, 6], [4, 4, 4, 9]], float)

    shared = overlaps(boxes, boxes[:3])

    assert np.allclose(shared, [[1, 1 / 3, 0], [1 / 3, 1, 0], [0, 0, 1], [0, 0, 0]])
    assert overlaps(boxes[:0], boxes).shape == (0, 4)


def test_of_boxes_that_are_too_alike_the_best_stays() -> None:
    boxes = np.array([[0, 0, 10, 10], [0, 0, 10, 9], [8, 0, 18, 10], [0, 0, 10, 4]], float)

    assert apart(boxes).tolist() == [0, 2, 3]
    assert apart(boxes, most=0.95).tolist() == [0, 1, 2, 3]
    assert apart(boxes[:0]).tolist() == []
