"""A windowed recognizer's own: what every recognizer keeps is in tests/contracts/test_recognizer.py."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from recognizers.clip import WHOLE_PICTURE, Clip, Picture
from recognizers.errors import DeviceFailed, OutOfDeviceMemory
from recognizers.runtimes.windowed import WindowedRecognizer
from recognizers.transforms import normalised, square
from tests.recognizers.networks import TINY, card, random_slowfast

BEYOND_MEMORY_PX = 2**22
"""A square of so many pixels a side has more bytes than a machine has addresses."""


def clip(*pictures: Picture) -> Clip:
    return Clip("cam", "bench", 1, 0, 0.0, 0.56, 1000.0, 999.44, WHOLE_PICTURE, 1.0, pictures)


def random_pictures(seed: int = 0) -> list[Picture]:
    rng = np.random.default_rng(seed)
    return [rng.integers(0, 256, (48, 64, 3), np.uint8) for _ in range(TINY.frames)]


def test_scores_are_the_softmax_of_the_logits_over_the_temperature() -> None:
    network, pictures = random_slowfast(), random_pictures()
    with torch.no_grad():
        logits = network(normalised(square(pictures, 32)[None], card().mean, card().std))

    ((prediction, _),) = WindowedRecognizer(network, card(), threads=1).recognize([clip(*pictures)], [None])

    assert prediction is not None
    np.testing.assert_allclose(prediction.scores, torch.softmax(logits[0] / card().temperature, 0), atol=1e-5)


def test_where_several_labels_can_be_true_each_is_scored_by_itself() -> None:
    network, pictures, several = random_slowfast(), random_pictures(), card(multilabel=True)
    with torch.no_grad():
        logits = network(normalised(square(pictures, 32)[None], several.mean, several.std))

    ((prediction, _),) = WindowedRecognizer(network, several, threads=1).recognize([clip(*pictures)], [None])

    assert prediction is not None
    assert not prediction.exclusive
    np.testing.assert_allclose(prediction.scores, torch.sigmoid(logits[0] / several.temperature), atol=1e-5)


def test_the_order_of_the_pictures_matters() -> None:
    recognizer, pictures = WindowedRecognizer(random_slowfast(), card(), threads=1), random_pictures()

    (there, _), (back, _) = recognizer.recognize([clip(*pictures), clip(*pictures[::-1])], [None, None])

    assert there is not None
    assert back is not None
    assert np.abs(there.scores - back.scores).max() > 1e-3


@pytest.mark.parametrize("where", ["stacking", "resizing"])
def test_memory_that_runs_out_is_said_by_its_own_error(where: str) -> None:
    crop_px = BEYOND_MEMORY_PX if where == "resizing" else 32
    side = BEYOND_MEMORY_PX if where == "stacking" else 32
    picture = np.broadcast_to(np.zeros(3, np.uint8), (side, side, 3))  # takes three bytes itself
    wanted = replace(card())
    object.__setattr__(wanted, "crop_px", crop_px)  # a card refuses such a side, but a machine may be as small
    recognizer = WindowedRecognizer(random_slowfast(), wanted, threads=1)

    with pytest.raises(OutOfDeviceMemory, match="a batch of 1 clips does not fit"):
        recognizer.recognize([clip(*[picture] * TINY.frames)], [None])


@pytest.mark.parametrize(
    "error",
    [
        torch.AcceleratorError("CUDA error: an illegal memory access was encountered\nCUDA kernel errors might be"),
        RuntimeError("cuDNN error: CUDNN_STATUS_EXECUTION_FAILED"),
        RuntimeError("CUDA error: CUBLAS_STATUS_EXECUTION_FAILED when calling `cublasSgemm`"),
    ],
    ids=["access", "cudnn", "cublas"],
)
def test_a_device_that_fails_fails_one_batch(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    recognizer = WindowedRecognizer(random_slowfast(), card(), threads=1)

    def fails(*_: object) -> None:
        raise error

    with monkeypatch.context() as broken:
        broken.setattr(recognizer, "_logits", fails)
        with pytest.raises(DeviceFailed, match=r"the device failed: (CUDA|cuDNN) error: .+$"):
            recognizer.recognize([clip(*random_pictures())], [None])
    assert len(recognizer.recognize([clip(*random_pictures())], [None])) == 1


def test_a_bug_is_taken_neither_for_lack_of_memory_nor_for_the_device() -> None:
    recognizer = WindowedRecognizer(random_slowfast(), card(), threads=1)

    with pytest.raises(RuntimeError, match="stack expects each tensor to be equal size"):
        recognizer.recognize([clip(*random_pictures()), clip(*random_pictures()[:4])], [None, None])
