"""The first layer on a CPU: most of a small network's work, and most of it was done for the clip before.

Clips overlap. What a picture adds to the stem does not depend on the clip it is in, only on the picture; so it is kept
as long as the next clip may show the picture again, and only new pictures are worked on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from recognizers.clip import Picture
from recognizers.nn.pictureconv import constant
from recognizers.nn.resnet3d import Stem, back
from recognizers.runtimes.folding import folded, kernel

_BLOCK = 8
"""Channels are reckoned in blocks of at least so many: other counts make a convolution slower than the next multiple
does. Not 16, as `nn.pictureconv` fills a register with: here channels of zeros would be added to reach it."""
_AT_ONCE = 8
"""Pictures: what the convolution makes of them is added up while it is still in the cache."""


@dataclass(frozen=True, slots=True, repr=False)
class Seen:
    """What consecutive pictures of a clip add to the stem."""

    pictures: tuple[Picture, ...]
    """Held, so that no other picture can take their identity."""
    added: Tensor
    """See `FoldedStem.added`."""

    def __repr__(self) -> str:
        return f"Seen({len(self.pictures)} pictures)"


class FoldedStem(nn.Module):
    """A stem with its batch norm and the pictures' normalisation inside; every temporal tap is an output of its own."""

    def __init__(self, stem: Stem, mean: tuple[float, ...], std: tuple[float, ...]) -> None:
        super().__init__()
        whole, self.bias = folded(stem.conv, stem.norm)
        self.channels, self.colours, self.taps = whole.shape[:3]
        self.back = back(stem.conv)
        scale = torch.tensor(std).mul(255).reciprocal()
        self.shares = constant(scale / 3)
        """Of the colours in grey."""
        weight = whole if self.colours == 1 else whole * scale[:, None, None, None]
        spare = -self.taps * self.channels % _BLOCK
        # (out, in, k, h, w) → (k * out, in, h, w), oldest tap first.
        self.weight = kernel(F.pad(weight.permute(2, 0, 1, 3, 4).flatten(0, 1), (0, 0, 0, 0, 0, 0, 0, spare)))
        self.mean = constant(torch.tensor(mean).mul(255))

    def forward(self, pictures: Tensor) -> Tensor:
        """`(T, 3, H, W)` uint8, best with a picture's colours together → `(T, C, H / 4, W / 4)`, channels last."""
        return self.whole([(0, self.added(pictures))], len(pictures))

    def added(self, pictures: Tensor) -> Tensor:
        """What T pictures add to the moments around them, `(T + k - 1, H / 2, W / 2, C)`; the first moment lies as
        many pictures before the first of them as the kernel looks ahead."""
        count, channels, taps = len(pictures), self.channels, self.taps
        height, width = ((side + 1) // 2 for side in pictures.shape[2:])
        added = self.weight.new_zeros(count + taps - 1, height, width, channels)
        for first in range(0, count, _AT_ONCE):
            some = self._normalised(pictures[first : first + _AT_ONCE])
            by_tap = F.conv2d(some, self.weight, None, stride=2, padding=3).permute(0, 2, 3, 1)
            for tap in range(taps):
                moment = first + taps - 1 - tap
                added[moment : moment + len(some)] += by_tap[..., tap * channels : (tap + 1) * channels]
        return added

    def whole(self, parts: Sequence[tuple[int, Tensor]], frames: int) -> Tensor:
        """A clip's answer from what its pictures added: `(first picture, added)` of parts that cover it."""
        total = self.bias.expand(frames, *parts[0][1].shape[1:]).clone()
        for first, added in parts:
            moment = first - (self.taps - 1 - self.back)
            begin, end = max(0, moment), min(frames, moment + len(added))
            total[begin:end] += added[begin - moment : end - moment]
        # ReLU after the maximum gives the same with a quarter of the work.
        return F.relu_(_maximum(_maximum(total, 1), 2)).permute(0, 3, 1, 2)

    def of_clip(
        self, pictures: Tensor, shown: Sequence[Picture], seen: Sequence[Seen], hop: int
    ) -> tuple[Tensor, tuple[Seen, ...]]:
        """As `forward`, with what is known from the clip before; and what the next clip may use.

        Args:
            shown: the pictures themselves, by which they are known again.
            hop: pictures by which the next clip will be later.
        """
        parts = _recalled(seen, shown)
        for begin, end in _gaps(parts, len(shown), hop):
            parts[begin] = Seen(tuple(shown[begin:end]), self.added(pictures[begin:end]))
        answer = self.whole([(first, part.added) for first, part in parts.items()], len(shown))
        return answer, tuple(parts[first] for first in sorted(parts) if first >= hop)

    def _normalised(self, pictures: Tensor) -> Tensor:
        pixels = pictures.permute(0, 2, 3, 1).float()
        # Whole rows: three colours are too few to work on at once.
        rows = pixels.flatten(2).sub_(self.mean.repeat(pixels.shape[2]))
        centred = rows.view(pixels.shape)
        return (centred @ self.shares)[:, None] if self.colours == 1 else centred.permute(0, 3, 1, 2)


def _recalled(seen: Sequence[Seen], shown: Sequence[Picture]) -> dict[int, Seen]:
    """What is known of a clip's pictures, by the first of them; nothing twice."""
    found: dict[int, Seen] = {}
    begin = 0
    for known in seen:
        for start in range(begin, len(shown) - len(known.pictures) + 1):
            if all(one is other for one, other in zip(known.pictures, shown[start:], strict=False)):
                found[start], begin = known, start + len(known.pictures)
                break
    return found


def _gaps(parts: Mapping[int, Seen], frames: int, hop: int) -> list[tuple[int, int]]:
    """(begin, end) of what is not known, cut where coming clips will begin."""
    known = {place for first, part in parts.items() for place in range(first, first + len(part.pictures))}
    gaps: list[tuple[int, int]] = []
    for place in range(frames):
        goes_on = gaps and gaps[-1][1] == place and place % hop
        if place not in known:
            begin = gaps.pop()[0] if goes_on else place
            gaps.append((begin, place + 1))
    return gaps


def _maximum(x: Tensor, dim: int) -> Tensor:
    """Of every second place and its two neighbours. torch's own maximum is slow for few channels."""
    before = (slice(None),) * dim
    largest, between = x[*before, ::2].clone(), x[*before, 1::2]
    for neighbour, first in ((between, 0), (between.narrow(dim, 0, largest.shape[dim] - 1), 1)):
        own = largest.narrow(dim, first, neighbour.shape[dim])
        torch.maximum(own, neighbour, out=own)
    return largest
