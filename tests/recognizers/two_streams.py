"""Small two-stream networks of every make."""

from __future__ import annotations

from dataclasses import replace

from recognizers.models.streams import TwoStreamSize

LATE = TwoStreamSize(frames=6, width=8, depths=(1, 1), hidden=12)
SLOW = replace(LATE, frames=11, depths=(1, 1, 1, 1), fusion="slow")
SIZES = {
    "late": LATE,
    "early": replace(LATE, fusion="early"),
    "slow": SLOW,
    "conv": replace(LATE, fusion="conv"),
    "rnn": replace(LATE, temporal="rnn"),
    "rnn conv": replace(LATE, temporal="rnn", fusion="conv", cell="lstm"),
    "difference": replace(LATE, flow="rgb_difference"),
    "lite0": replace(LATE, frames=3, backbone="lite0"),
}
