"""Series go with what they are of."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from prometheus_client import Counter, Gauge, Histogram


def forget(label: str, value: str, parts: Iterable[object]) -> None:
    """Of those of the parts that are metrics with this label, the series of one value go."""
    for one in parts:
        if isinstance(one, Counter | Gauge | Histogram):
            with suppress(ValueError):  # it has no such label
                one.remove_by_labels({label: value})
