"""Whether a file of skeletons gives figures that can be believed."""

from __future__ import annotations

from collections.abc import Sequence as Many

from recognizers.data.check import Report, Wanted, judged
from recognizers.data.listing import Listing, Recording, Span
from recognizers.data.skeletons import Sequence, SkeletonData


def check_skeletons(data: SkeletonData, wanted: Wanted) -> Report:
    """Look at labels and subjects; there are no videos to look at.

    Raises:
        DataError: the file cannot be read.
    """
    found = data.load()

    def listed(sequences: Many[Sequence], split: str) -> list[Recording]:
        return [
            Recording(data.path, str(one.group), (Span(found.labels[one.label]),) if one.label else (), split)
            for one in sequences
        ]

    recordings = listed(found.training, "train") + listed(found.calibration, "val") + listed(found.held_out, "test")
    labels = tuple(label for label in found.labels if label != found.background)
    return judged(Listing(data.path.name, labels, tuple(recordings)), wanted)
