"""Where the files of estimators are published. Nothing is fetched here; without torch."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Download:
    """A published file."""

    url: str
    sha256: str
    size: int
    """Bytes."""
    licence: str


DOWNLOADS: dict[str, Download] = {
    "fastestdet": Download(
        url="https://raw.githubusercontent.com/dog-qiuqiu/FastestDet/97df0a850c4949dcd7d9abf9c539679eee6b6a90"
        "/example/onnx-runtime/FastestDet.onnx",
        sha256="31cb14c017fce347cb4c846ec62fdf00d76bb3beecdf4be21e7116ac67feb880",
        size=998_169,
        licence="BSD-3-Clause",
    ),
}
"""By name."""
