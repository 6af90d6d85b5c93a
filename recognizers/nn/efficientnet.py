"""EfficientNet-Lite0 (Tan and Le, ICML 2019; the Lite variant of 2020): inverted bottlenecks without squeeze and
excitation, ReLU6, padded as TensorFlow pads. 3.4 million parameters, 0.39 GMAC a picture of 224×224 pixels."""

from __future__ import annotations

from typing import cast

from torch import Tensor, nn
from torch.nn import functional as F

EPS, MOMENTUM = 1e-3, 0.01
"""Of the batch norms, as the published weights were trained."""
STAGES = (
    # blocks, kernel, stride, expansion, channels
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
_STEM, _HEAD = 32, 1280


class SameConv2d(nn.Conv2d):
    """A strided convolution padded as by TensorFlow: to `ceil(side / stride)`, an odd pixel at right and bottom."""

    def forward(self, x: Tensor) -> Tensor:
        kernel, stride = self.kernel_size[0], self.stride[0]
        # Plain numbers also where the network is traced.
        height, width = (max(0, (-(-int(side) // stride) - 1) * stride + kernel - int(side)) for side in x.shape[2:])
        x = F.pad(x, (width // 2, width - width // 2, height // 2, height - height // 2))
        return F.conv2d(x, self.weight, self.bias, self.stride, 0, 1, self.groups)


def conv(c_in: int, c_out: int, kernel: int, stride: int = 1, groups: int = 1) -> nn.Conv2d:
    if stride == 1:
        return nn.Conv2d(c_in, c_out, kernel, 1, kernel // 2, groups=groups, bias=False)
    return SameConv2d(c_in, c_out, kernel, stride, 0, groups=groups, bias=False)


def norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, EPS, MOMENTUM)


class MBConv(nn.Module):
    """1×1 to `expansion` times the channels, depthwise k×k (with the stride), 1×1 to few; a shortcut where it fits."""

    def __init__(self, c_in: int, c_out: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        inner = c_in * expansion
        self.expand: nn.Sequential | None = None
        if expansion != 1:
            self.expand = nn.Sequential(conv(c_in, inner, 1), norm(inner))
        self.depthwise, self.depthwise_norm = conv(inner, inner, kernel, stride, inner), norm(inner)
        self.project, self.project_norm = conv(inner, c_out, 1), norm(c_out)
        self.has_shortcut = stride == 1 and c_in == c_out

    def forward(self, x: Tensor) -> Tensor:
        y = x if self.expand is None else F.relu6(self.expand(x))
        y = F.relu6(self.depthwise_norm(self.depthwise(y)))
        y = self.project_norm(self.project(y))
        return x + y if self.has_shortcut else cast(Tensor, y)


class EfficientNetLite0(nn.Module):
    """`(M, 3, H, W)` → `(M, channels, ceil(H / 32), ceil(W / 32))`. The published weights want (pixel - 127) / 128."""

    channels = _HEAD
    """Of the output."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.stem_norm = conv(3, _STEM, 3, 2), norm(_STEM)
        blocks, c_in = [], _STEM
        for depth, kernel, stride, expansion, c_out in STAGES:
            for block in range(depth):
                blocks.append(MBConv(c_in, c_out, kernel, stride if block == 0 else 1, expansion))
                c_in = c_out
        self.blocks = nn.Sequential(*blocks)
        self.head, self.head_norm = conv(c_in, _HEAD, 1), norm(_HEAD)

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu6(self.stem_norm(self.stem(x)))
        y = cast(Tensor, self.blocks(y))
        return F.relu6(self.head_norm(self.head(y)))
