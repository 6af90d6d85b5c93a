"""Where the files of estimators are published, and where they are expected to lie. Nothing is fetched here; without
torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from recognizers.errors import CheckpointMismatch
from recognizers.files import is_file

_MEDIAPIPE = "https://storage.googleapis.com/mediapipe-models"


@dataclass(frozen=True, slots=True)
class Download:
    """A published file."""

    url: str
    sha256: str
    size: int | None
    """Bytes, where it is known."""
    licence: str

    @property
    def file(self) -> str:
        """Its name in the cache folder: the last part of the address's path; nothing where that is no name."""
        name = urlsplit(self.url).path.rpartition("/")[2]
        return "" if name in (".", "..") else name


DOWNLOADS: dict[str, Download] = {
    "fastestdet": Download(
        url="https://raw.githubusercontent.com/dog-qiuqiu/FastestDet/97df0a850c4949dcd7d9abf9c539679eee6b6a90"
        "/example/onnx-runtime/FastestDet.onnx",
        sha256="31cb14c017fce347cb4c846ec62fdf00d76bb3beecdf4be21e7116ac67feb880",
        size=998_169,
        licence="BSD-3-Clause",
    ),
    "pose": Download(
        url=f"{_MEDIAPIPE}/pose_landmarker/pose_landmarker_full/float16/1/pose_landmarker_full.task",
        sha256="5134a3aad27a58b93da0088d431f366da362b44e3ccfbe3462b3827a839011b1",
        size=9_398_198,
        licence="Apache-2.0",
    ),
    "pose-lite": Download(
        url=f"{_MEDIAPIPE}/pose_landmarker/pose_landmarker_lite/float16/1/pose_landmarker_lite.task",
        sha256="59929e1d1ee95287735ddd833b19cf4ac46d29bc7afddbbf6753c459690d574a",
        size=5_777_746,
        licence="Apache-2.0",
    ),
    "hands": Download(
        url=f"{_MEDIAPIPE}/hand_landmarker/hand_landmarker/float16/1/hand_landmarker.task",
        sha256="fbc2a30080c3c557093b5ddfc334698132eb341044ccee322ccf8bcf3607cde1",
        size=7_819_105,
        licence="Apache-2.0",
    ),
}
"""By name."""


def cache_folder(environment: Mapping[str, str]) -> Path:
    """Where downloaded models lie: `takt/models` in $XDG_CACHE_HOME, else in ~/.cache."""
    own = environment.get("XDG_CACHE_HOME")
    return (Path(own) if own else Path.home() / ".cache") / "takt" / "models"


def file_of(name: str, given: str | Path | None, environment: Mapping[str, str]) -> Path:
    """The file of a download: `given`, or the one in the cache folder.

    Raises:
        CheckpointMismatch: it is not there; says where it is expected and where it comes from.
    """
    if given is not None:
        if not is_file(Path(given)):
            raise CheckpointMismatch(f"no such file: {given}; check the path, or leave it out for the cache folder")
        return Path(given)
    download = DOWNLOADS[name]
    path = cache_folder(environment) / download.file
    if not is_file(path):
        raise CheckpointMismatch(
            f"the model {name} is not there: {path}; fetch it with `takt models get {name}`, or put {download.url} "
            f"there (SHA-256 {download.sha256}), or say where it is"
        )
    return path
