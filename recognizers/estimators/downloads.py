"""Published files of estimators: where they come from, and where they are expected to lie. Fetches nothing, needs no
library."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from recognizers.errors import CheckpointMismatch


@dataclass(frozen=True, slots=True)
class Download:
    """A published file."""

    url: str
    sha256: str
    size_bytes: int
    licence: str

    @property
    def file(self) -> str:
        """Its name in the cache folder."""
        return self.url.rpartition("/")[2]


DOWNLOADS: Mapping[str, Download] = {
    "fastestdet": Download(
        url="https://raw.githubusercontent.com/dog-qiuqiu/FastestDet/97df0a850c4949dcd7d9abf9c539679eee6b6a90"
        "/example/onnx-runtime/FastestDet.onnx",
        sha256="31cb14c017fce347cb4c846ec62fdf00d76bb3beecdf4be21e7116ac67feb880",
        size_bytes=998_169,
        licence="BSD-3-Clause",
    ),
}
"""By name: people in a picture (`fastestdet`)."""


def cache_folder(environment: Mapping[str, str]) -> Path:
    """Where downloaded models lie: `takt/models` in $XDG_CACHE_HOME, else in ~/.cache."""
    own = environment.get("XDG_CACHE_HOME")
    return (Path(own) if own else Path.home() / ".cache") / "takt" / "models"


def downloaded(name: str, given: str | Path | None, environment: Mapping[str, str]) -> Path:
    """A published file: `given`, or the one in the cache folder.

    Raises:
        CheckpointMismatch: it is not there; says where it is expected and where it comes from.
    """
    published = DOWNLOADS[name]
    path = cache_folder(environment) / published.file if given is None else Path(given)
    if path.is_file():
        return path
    if given is not None:
        raise CheckpointMismatch(f"no such file: {path}; check the path, or leave it out for the cache folder")
    raise CheckpointMismatch(
        f"{name} is not there: {path}; put {published.url} there (SHA-256 {published.sha256}), or say where it is"
    )
