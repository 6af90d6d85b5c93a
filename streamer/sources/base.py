"""The seam between cameras and the rest: one attempt to read frames."""

from __future__ import annotations

import math
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Protocol

from recognizers.clip import ClipSpec, Region
from streamer.frame import Frame


@dataclass(frozen=True, slots=True)
class Need:
    """What one watch needs of its stream."""

    spec: ClipSpec
    region: Region


@dataclass(frozen=True, slots=True)
class Demand:
    """What all watches of a stream need together; tells a source what to decode for."""

    needs: tuple[Need, ...]

    def analysis_size(self, width: int, height: int) -> tuple[int, int]:
        """The smallest (width, height) at which every region still has its short side; never above the camera's."""
        scale = 0.0
        for need in self.needs:
            wide = (need.region.right - need.region.left) * width
            high = (need.region.bottom - need.region.top) * height
            scale = max(scale, need.spec.short_side_px / min(wide, high))
        scale = min(scale, 1.0)
        return max(2, math.ceil(width * scale / 2) * 2), max(2, math.ceil(height * scale / 2) * 2)

    def covers(self, need: Need) -> bool:
        """Whether pictures that are decoded for this demand serve another need too."""
        large = any(
            one.region == need.region and one.spec.short_side_px >= need.spec.short_side_px for one in self.needs
        )
        return large and self.intervals_s[0] <= need.spec.interval_s * (1 + 1e-9)

    @property
    def intervals_s(self) -> tuple[float, ...]:
        return tuple(sorted({need.spec.interval_s for need in self.needs}))


class Source(Protocol):
    """One camera or file. Retrying lives once, in `streamer.sources.reconnect`."""

    def frames(self, epoch: int) -> AsyncGenerator[Frame, None]:
        """One attempt: connect, yield frames with growing index and media time, end when a file ends.

        No thread is left once the iterator is closed.

        Raises:
            SourceUnavailable: wait and try again (a live source that ends raises it with reason `eof`).
            SourceRejected: somebody must change something.
        """
        ...
