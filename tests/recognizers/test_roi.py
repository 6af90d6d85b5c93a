"""RoIAlign against its definition, written as loops in double precision."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from recognizers.nn.roi import roi_align


def by_loops(features: Tensor, box: Tensor, size: int, scale: float, samples: int, aligned: bool) -> Tensor:
    """`(C, H, W)` and one box → `(C, size, size)`, point by point."""
    x, y, right, below = (float(side) * scale - (0.5 if aligned else 0.0) for side in box)
    width, height = (right - x, below - y) if aligned else (max(right - x, 1.0), max(below - y, 1.0))
    across, down = samples or max(1, math.ceil(width / size)), samples or max(1, math.ceil(height / size))
    pooled = torch.zeros(len(features), size, size, dtype=torch.float64)
    for row in range(size):
        for column in range(size):
            points = [
                (y + (row + (i + 0.5) / down) * height / size, x + (column + (j + 0.5) / across) * width / size)
                for i in range(down)
                for j in range(across)
            ]
            pooled[:, row, column] = sum(bilinear(features, *point) for point in points) / len(points)  # type: ignore[assignment]
    return pooled


def bilinear(features: Tensor, y: float, x: float) -> Tensor:
    height, width = features.shape[1:]
    if y < -1 or y > height or x < -1 or x > width:
        return torch.zeros(len(features), dtype=torch.float64)
    y, x = min(max(y, 0), height - 1), min(max(x, 0), width - 1)
    top, left = int(y), int(x)
    under, beside = min(top + 1, height - 1), min(left + 1, width - 1)
    fy, fx = y - top, x - left
    upper = features[:, top, left] * (1 - fx) + features[:, top, beside] * fx
    lower = features[:, under, left] * (1 - fx) + features[:, under, beside] * fx
    return upper * (1 - fy) + lower * fy


BOXES = torch.tensor(
    [
        [0.0, 0.0, 112.0, 96.0],  # everything
        [20.5, 13.0, 61.25, 90.0],
        [33.0, 40.0, 34.0, 41.5],  # smaller than a pixel of the features
        [-30.0, -40.0, 25.0, 30.0],  # partly outside
        [90.0, 70.0, 160.0, 150.0],
        [300.0, 300.0, 340.0, 330.0],  # wholly outside
    ],
    dtype=torch.float64,
)


@pytest.mark.parametrize("aligned", [True, False])
@pytest.mark.parametrize("samples", [0, 1, 2, 3])
@pytest.mark.parametrize("scale", [1 / 16, 1 / 8])
def test_it_is_the_mean_of_bilinear_samples(aligned: bool, samples: int, scale: float) -> None:
    random = torch.Generator().manual_seed(1)
    features = torch.randn((2, 3, round(96 * scale), round(112 * scale)), generator=random, dtype=torch.float64)
    owner = torch.arange(len(BOXES)) % 2

    pooled = roi_align(features, BOXES, owner, size=7, scale=scale, samples=samples, aligned=aligned)

    wanted = [by_loops(features[int(n)], box, 7, scale, samples, aligned) for n, box in zip(owner, BOXES, strict=True)]
    torch.testing.assert_close(pooled, torch.stack(wanted), atol=1e-12, rtol=0)
    assert not pooled[-1].any()


@pytest.mark.parametrize("shape", [(1, 5), (5, 1), (1, 1)])
def test_features_of_a_single_row_or_column_are_no_special_case(shape: tuple[int, int]) -> None:
    features = torch.randn((1, 2, *shape), dtype=torch.float64)
    box = torch.tensor([[0.0, 0.0, 16.0 * shape[1], 16.0 * shape[0]]], dtype=torch.float64)

    pooled = roi_align(features, box, torch.zeros(1, dtype=torch.long), size=3, scale=1 / 16)

    torch.testing.assert_close(pooled[0], by_loops(features[0], box[0], 3, 1 / 16, 0, True), atol=1e-12, rtol=0)


def test_half_a_pixel_lies_between_aligned_and_not() -> None:
    """A ramp's value is its place: the middle of a box is read half a pixel too far right where it is not aligned."""
    ramp = torch.arange(10, dtype=torch.float64).expand(1, 1, 10, 10)
    box, owner = torch.tensor([[32.0, 32.0, 96.0, 96.0]], dtype=torch.float64), torch.zeros(1, dtype=torch.long)

    assert float(roi_align(ramp, box, owner, size=1, scale=1 / 16)) == pytest.approx(3.5)
    assert float(roi_align(ramp, box, owner, size=1, scale=1 / 16, aligned=False)) == pytest.approx(4.0)


def test_no_boxes_are_no_rows() -> None:
    pooled = roi_align(torch.zeros(1, 4, 6, 6), torch.zeros(0, 4), torch.zeros(0, dtype=torch.long), size=7, scale=1)
    assert pooled.shape == (0, 4, 7, 7)


def test_it_can_be_learned_through() -> None:
    features = torch.randn(1, 2, 6, 6, dtype=torch.float64, requires_grad=True)
    box = torch.tensor([[0.0, 0.0, 32.0, 96.0]], dtype=torch.float64)

    roi_align(features, box, torch.zeros(1, dtype=torch.long), size=2, scale=1 / 16).sum().backward()  # type: ignore[no-untyped-call]

    assert features.grad is not None
    assert features.grad[..., :2].abs().sum() > 0
    assert not features.grad[..., 4:].any()
