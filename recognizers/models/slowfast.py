"""SlowFast (Feichtenhofer et al., ICCV 2019): a slow pathway for what is there, a thin fast one for how it moves.

Layout and numbers follow the paper and its reference implementation: no temporal stride anywhere, spatial stride on
the 3x3 convolution, lateral connections as strided temporal convolutions whose output is concatenated to the slow
pathway after the stem, res2, res3 and res4.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from recognizers.nn.numbers import check_counts, check_dropout, check_kernels, check_stages
from recognizers.nn.resnet3d import Lateral, Stage, Stem, window_mean


@dataclass(frozen=True, slots=True)
class SlowFastSize:
    """The numbers that make a SlowFast network."""

    frames: int
    """Pictures of the fast pathway (T of the clip)."""
    alpha: int
    """Fast pictures per slow picture."""
    beta_inv: int = 8
    """Slow channels per fast channel."""
    width: int = 64
    """Channels of the slow stem."""
    depths: tuple[int, int, int, int] = (3, 4, 6, 3)
    """Blocks of res2 to res5; (3, 4, 6, 3) is ResNet-50."""
    fusion_kernel: int = 7
    """Temporal extent of a lateral connection."""
    fusion_ratio: int = 2
    """Channels a lateral connection gives per fast channel."""
    slow_stem_kernel: int = 1
    fast_stem_kernel: int = 5
    slow_kernels: tuple[int, int, int, int] = (1, 1, 3, 3)
    """Temporal extent of the first convolution of each block, per stage."""
    fast_kernels: tuple[int, int, int, int] = (3, 3, 3, 3)
    fast_colours: int = 3
    """1: the fast pathway sees the mean of the three colours (the paper's weaker inputs, section 4.3: as accurate)."""
    causal: bool = False
    """No answer looks at later pictures, so that a stream can be looked at picture by picture."""
    dilated: bool = False
    """The last stage keeps the size of the one before, at 1/16 of the picture, and spreads its 3×3 kernels instead: for
    what looks at parts of the picture (the paper's detection network)."""
    dropout: float = 0.5

    def __post_init__(self) -> None:
        check_stages(self, "depths", "slow_kernels", "fast_kernels")
        check_counts(self, "frames", "alpha", "beta_inv", "width", "depths", "fusion_ratio")
        check_kernels(self, "fusion_kernel", "slow_stem_kernel", "fast_stem_kernel", "slow_kernels", "fast_kernels")
        check_dropout(self)
        if self.fast_colours not in (1, 3):
            raise ValueError(f"fast_colours ({self.fast_colours}) must be 3, or 1 for grey")
        if self.frames % self.alpha:
            raise ValueError(f"frames ({self.frames}) must be a multiple of alpha ({self.alpha})")
        if self.width % self.beta_inv:
            raise ValueError(f"width ({self.width}) must be a multiple of beta_inv ({self.beta_inv})")

    @property
    def fast_width(self) -> int:
        return self.width // self.beta_inv


class SlowFast(nn.Module):
    """Clips to logits: `(N, 3, T, H, W)` float, normalised, at the fast rate → `(N, classes)`.

    The slow pathway sees every alpha-th picture, evenly (`[::alpha]`). The reference implementation takes
    `linspace(0, T - 1, T / alpha)`, which is uneven (0, 4, 8, 13, …) and shares almost no picture between
    overlapping clips; even sampling reaches the same accuracy and is centred on the lateral connections.
    """

    DECIDING: ClassVar[tuple[str, ...]] = ("dropout", "head")

    def __init__(self, size: SlowFastSize, classes: int) -> None:
        super().__init__()
        self.size = size
        slow, fast = size.width, size.fast_width
        self.slow_stem = Stem(slow, size.slow_stem_kernel, causal=size.causal)
        self.fast_stem = Stem(fast, size.fast_stem_kernel, size.fast_colours, size.causal)
        self.laterals = nn.ModuleList()
        self.slow_stages, self.fast_stages = nn.ModuleList(), nn.ModuleList()
        slow_in, fast_in = slow, fast
        for stage, depth in enumerate(size.depths):
            lateral = Lateral(fast_in, fast_in * size.fusion_ratio, size.fusion_kernel, size.alpha, size.causal)
            self.laterals.append(lateral)
            dilation = 2 if size.dilated and stage == 3 else 1
            inner, stride = 2**stage, 1 if stage == 0 else 2 // dilation
            slow_in += fast_in * size.fusion_ratio
            slow_kernel, fast_kernel = size.slow_kernels[stage], size.fast_kernels[stage]
            self.slow_stages.append(Stage(depth, slow_in, slow * inner, slow_kernel, stride, size.causal, dilation))
            self.fast_stages.append(Stage(depth, fast_in, fast * inner, fast_kernel, stride, size.causal, dilation))
            slow_in, fast_in = 4 * slow * inner, 4 * fast * inner
        self.dropout = nn.Dropout(size.dropout)
        self.head = nn.Linear(slow_in + fast_in, classes)
        nn.init.normal_(self.head.weight, std=0.01)
        nn.init.zeros_(self.head.bias)

    def forward(self, clips: Tensor) -> Tensor:
        return self.after_stems(*self.stems(clips))

    def stems(self, clips: Tensor) -> tuple[Tensor, Tensor]:
        """`(N, C, T / alpha, H / 4, W / 4)` and `(N, C, T, H / 4, W / 4)` of clips."""
        fast = clips if self.size.fast_colours == 3 else clips.mean(dim=1, keepdim=True)
        return self.slow_stem(clips[:, :, :: self.size.alpha]), self.fast_stem(fast)

    def after_stems(self, slow: Tensor, fast: Tensor) -> Tensor:
        """What the stems say, to logits."""
        return self.decide(self._pooled(slow, fast))

    def look(self, inputs: Tensor) -> Tensor:
        """Clips to what is seen of them, `(N, F)`."""
        return self._pooled(*self.stems(inputs))

    def decide(self, features: Tensor) -> Tensor:
        logits: Tensor = self.head(self.dropout(features))
        return logits

    def _pooled(self, slow: Tensor, fast: Tensor) -> Tensor:
        slow, fast = self.maps(slow, fast)
        return torch.cat((window_mean(slow), window_mean(fast)), dim=1)

    def maps(self, slow: Tensor, fast: Tensor) -> tuple[Tensor, Tensor]:
        """What the stems say, to the mean over time of either pathway: `(N, C, H / 32, W / 32)`, 1/16 if dilated."""
        for lateral, slow_stage, fast_stage in zip(self.laterals, self.slow_stages, self.fast_stages, strict=True):
            slow = slow_stage(torch.cat((slow, lateral(fast)), dim=1))
            fast = fast_stage(fast)
        return slow.mean(dim=2), fast.mean(dim=2)


def slowfast_r50_4x16() -> SlowFastSize:
    """34.48 M parameters with 400 classes, 36.1 GMAC at 256x256."""
    return SlowFastSize(frames=32, alpha=8, fusion_kernel=5)


def slowfast_r50_8x8() -> SlowFastSize:
    """34.57 M parameters with 400 classes, 65.7 GMAC at 256x256."""
    return SlowFastSize(frames=32, alpha=4)


def slowfast_r101_8x8() -> SlowFastSize:
    """62.83 M parameters with 400 classes, 125.9 GMAC at 256x256."""
    return SlowFastSize(frames=32, alpha=4, depths=(3, 4, 23, 3), fusion_kernel=5)


def slowfast_small() -> SlowFastSize:
    """For two CPU cores and for training from scratch on a few hundred clips."""
    return SlowFastSize(frames=16, alpha=4, beta_inv=4, width=16, depths=(1, 1, 1, 1), fusion_kernel=5)


PUBLISHED = {"r50_4x16": slowfast_r50_4x16, "r50_8x8": slowfast_r50_8x8, "r101_8x8": slowfast_r101_8x8}
"""Networks with official checkpoints."""
SIZES = {"small": slowfast_small, **PUBLISHED}
"""All that can be trained, by name."""
