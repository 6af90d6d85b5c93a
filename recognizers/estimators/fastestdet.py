"""People by FastestDet (dog-qiuqiu/FastestDet, BSD-3): an anchor-free detector of 0.24 M parameters, trained on COCO.

The door to ONNX Runtime. One forward pass of 352×352 pixels takes about 5 ms on one CPU core.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recognizers.clip import Picture
from recognizers.errors import CheckpointMismatch, DeviceFailed
from recognizers.estimators.base import Found
from recognizers.estimators.boxes import apart

SIDE_PX = 352
"""Pictures are squeezed to a square of this side, as they were in its training."""
_PERSON = 5
"""Channel of COCO's first class, after the objectness and the four numbers of the box."""
_CHANNELS = 85


class FastestDet:
    """The `ActorDetector` of people that a small CPU can afford."""

    short_side_px = SIDE_PX

    def __init__(self, model: Path, *, least: float = 0.65, most: int = 16, threads: int = 1) -> None:
        """Read a model file.

        Args:
            model: the published `FastestDet.onnx`.
            least: boxes with a smaller score are no people.
            most: people in one picture; the surest are kept.
            threads: of the CPU.

        Raises:
            CheckpointMismatch: ONNX Runtime is not installed, or the file is not this network.
        """
        self._least, self._most = least, most
        self._session = _session(model, threads)

    def actors(self, picture: Picture) -> Found:
        """The people in a picture; see `ActorDetector`.

        Raises:
            DeviceFailed: not this time.
        """
        # OpenCV's order of colours: the network was trained on it.
        seen = _squeezed(picture)[None, ::-1].astype(np.float32) / np.float32(255)
        try:
            (said,) = self._session.run(None, {self._session.get_inputs()[0].name: seen})
        except Exception as error:  # its errors have no base of their own
            raise DeviceFailed(f"ONNX Runtime failed: {error}") from error
        boxes, scores = _people(said[0])
        surest = np.flatnonzero((scores >= self._least) & (boxes[:, :2] < boxes[:, 2:]).all(axis=1))
        surest = surest[np.argsort(-scores[surest], kind="stable")]
        kept = surest[apart(boxes[surest])][: self._most]
        return Found(boxes[kept], scores[kept])


def _session(model: Path, threads: int) -> Any:
    try:
        import onnxruntime  # noqa: PLC0415 - optional
    except ImportError as error:
        raise CheckpointMismatch(
            "people are found by ONNX Runtime, which is not installed; pip install 'taktstream[actors]'"
        ) from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = threads, 3
    try:
        session = onnxruntime.InferenceSession(model.read_bytes(), options, providers=["CPUExecutionProvider"])
    except OSError as error:
        raise CheckpointMismatch(f"cannot read the detector {model}: {error.strerror}; check the path") from error
    except Exception as error:  # its errors have no base of their own
        raise CheckpointMismatch(f"{model} is no ONNX model that can be run; copy or download it again") from error
    shapes = [list(one.shape) for one in (*session.get_inputs(), *session.get_outputs())]
    if [shape[1:2] for shape in shapes] != [[3], [_CHANNELS]] or shapes[0][2:] != [SIDE_PX, SIDE_PX]:
        raise CheckpointMismatch(
            f"{model} is another network than FastestDet: it takes and gives {shapes} instead of "
            f"[1, 3, {SIDE_PX}, {SIDE_PX}] and [1, {_CHANNELS}, …]; give FastestDet.onnx"
        )
    return session


def _people(said: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """`(85, h, w)` of one picture → a box `(h * w, 4)` in [0, 1] and a score for each cell; 0 where another class is
    surer."""
    height, width = said.shape[1:]
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    centre_x, centre_y = (columns + np.tanh(said[1])) / width, (rows + np.tanh(said[2])) / height
    half_x, half_y = (0.5 / (1 + np.exp(-side)) for side in said[3:5])
    corners = (centre_x - half_x, centre_y - half_y, centre_x + half_x, centre_y + half_y)
    boxes = np.clip(np.stack(corners, axis=-1), 0, 1).reshape(-1, 4).astype(np.float32)
    person = said[_PERSON]
    scores = said[0] ** 0.6 * person**0.4 * (person >= said[_PERSON:].max(axis=0))
    return boxes, scores.reshape(-1).astype(np.float32)


def _squeezed(picture: Picture) -> NDArray[np.uint8]:
    """`(H, W, 3)` → `(3, side, side)`: bilinear, after the mean of whole pixels where the picture is much larger."""
    step_y, step_x = (max(1, side // SIDE_PX) for side in picture.shape[:2])
    if step_y > 1 or step_x > 1:
        height, width = picture.shape[0] // step_y, picture.shape[1] // step_x
        cells = picture[: height * step_y, : width * step_x].reshape(height, step_y, width, step_x, 3)
        picture = cells.mean(axis=(1, 3)).astype(np.uint8)
    rows, columns = (_between(side) for side in picture.shape[:2])
    tall = _mixed(picture.astype(np.float32), 0, *rows)
    return np.rint(_mixed(tall, 1, *columns)).astype(np.uint8).transpose(2, 0, 1)


def _between(side: int) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """For each of the new pixels: the one before it, and how far towards the next."""
    place = np.clip((np.arange(SIDE_PX) + 0.5) * side / SIDE_PX - 0.5, 0, side - 1)
    before = np.minimum(place.astype(np.intp), max(side - 2, 0))
    return before, (place - before).astype(np.float32)


def _mixed(
    pixels: NDArray[np.float32], axis: int, before: NDArray[np.intp], share: NDArray[np.float32]
) -> NDArray[np.float32]:
    after = np.minimum(before + 1, pixels.shape[axis] - 1)
    weight = share.reshape([-1 if one == axis else 1 for one in range(3)])
    mixed: NDArray[np.float32] = pixels.take(before, axis) * (1 - weight) + pixels.take(after, axis) * weight
    return mixed
