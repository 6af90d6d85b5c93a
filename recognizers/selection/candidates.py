"""Who is tried: one small network of each approach, as it is taught within minutes on two CPU cores."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Candidate:
    """A network and how it is taught in short."""

    approach: str
    """In the field's words."""
    network: Mapping[str, Any]
    """Keys of a training file's `network`: kind, size and clips."""
    recipe: Mapping[str, Any]
    """Numbers of a training file's `recipe` that go with it; how clips are varied, the file says."""


_FROZEN = {"head_only": True, "rate": 1e-3, "average": 0.99, "batch": 32}
"""What has seen ImageNet looks at clips once; what decides learns from that in seconds."""
CANDIDATES: Mapping[str, Candidate] = {
    "single_frame": Candidate(
        "single network: pictures one by one, averaged",
        {"kind": "single_frame", "size": "lite0", "interval_s": 0.2, "crop_px": 128},
        {**_FROZEN, "steps": 600, "cached": 1200},
    ),
    "two_stream": Candidate(
        "two networks: pictures, and optical flow beside them",
        {"kind": "two_stream", "size": "small", "interval_s": 0.15, "crop_px": 96},
        {"steps": 500, "batch": 16, "rate": 1.5e-3, "mixup": 0.0},
    ),
    "crnn": Candidate(
        "serial: a recurrent network over what pictures show",
        {"kind": "crnn", "size": "lite0", "interval_s": 0.1, "crop_px": 128},
        {**_FROZEN, "steps": 600, "cached": 1200},
    ),
    "san": Candidate(
        "attention: joints of people",
        {"kind": "san", "size": "small", "numbers": {"frames": 16, "persons": 1}, "interval_s": 0.1, "crop_px": 256},
        {"steps": 600, "batch": 32, "rate": 2e-3, "average": 0.98, "noise": 0.02, "mixup": 0.0},
    ),
    "slowfast": Candidate(
        "dual rate: slow and fast pathway",
        {"kind": "slowfast", "size": "small", "numbers": {"causal": True}, "interval_s": 0.1, "crop_px": 96},
        {"steps": 600, "batch": 16, "rate": 1.5e-3},
    ),
}
"""By the name of their kind."""
