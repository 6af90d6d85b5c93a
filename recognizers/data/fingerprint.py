"""A short name for what data were learned from: other recordings, labels or groups have another."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

Recording = tuple[str, str, NDArray[np.int64]]
"""Its name, its group, and what it shows: the label of each picture, or one."""


def fingerprint(labels: Sequence[str], parts: Mapping[str, Iterable[Recording]]) -> str:
    """SHA-256, in hex, of what each part of a data set holds. Pixels are not looked at."""
    digest = hashlib.sha256("\n".join(labels).encode())
    for part, recordings in parts.items():
        digest.update(f"\0{part}".encode())
        for name, group, shown in recordings:
            digest.update(f"\0{name}\0{group}\0".encode())
            digest.update(np.ascontiguousarray(shown, "<i8").tobytes())
    return digest.hexdigest()
