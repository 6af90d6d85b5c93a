"""Published networks that find joints: where they come from, and where they are expected to lie. Needs no library."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from recognizers.errors import CheckpointMismatch

_STORE = "https://storage.googleapis.com/mediapipe-models"


@dataclass(frozen=True, slots=True)
class Bundle:
    """A `.task` file of MediaPipe (Apache-2.0): a zip of two `.tflite` networks."""

    url: str
    sha256: str
    size_bytes: int

    @property
    def file(self) -> str:
        """Its name in the cache folder."""
        return self.url.rpartition("/")[2]


BUNDLES: Mapping[str, Bundle] = {
    "pose": Bundle(
        f"{_STORE}/pose_landmarker/pose_landmarker_full/float16/1/pose_landmarker_full.task",
        "5134a3aad27a58b93da0088d431f366da362b44e3ccfbe3462b3827a839011b1",
        9_398_198,
    ),
    "pose-lite": Bundle(
        f"{_STORE}/pose_landmarker/pose_landmarker_lite/float16/1/pose_landmarker_lite.task",
        "59929e1d1ee95287735ddd833b19cf4ac46d29bc7afddbbf6753c459690d574a",
        5_777_746,
    ),
    "hands": Bundle(
        f"{_STORE}/hand_landmarker/hand_landmarker/float16/1/hand_landmarker.task",
        "fbc2a30080c3c557093b5ddfc334698132eb341044ccee322ccf8bcf3607cde1",
        7_819_105,
    ),
}
"""By name: joints of people (`pose`; `pose-lite` is faster and less exact), and of hands."""


def cache_folder(environment: Mapping[str, str]) -> Path:
    """Where downloaded models lie: `takt/models` in $XDG_CACHE_HOME, else in ~/.cache."""
    own = environment.get("XDG_CACHE_HOME")
    return (Path(own) if own else Path.home() / ".cache") / "takt" / "models"


def bundle_file(name: str, given: str | Path | None, environment: Mapping[str, str]) -> Path:
    """The file of a bundle: `given`, or the one in the cache folder.

    Raises:
        CheckpointMismatch: it is not there; says where it is expected and where it comes from.
    """
    bundle = BUNDLES[name]
    path = cache_folder(environment) / bundle.file if given is None else Path(given)
    if path.is_file():
        return path
    if given is not None:
        raise CheckpointMismatch(f"no such file: {path}; check the path, or leave it out for the cache folder")
    raise CheckpointMismatch(
        f"the networks that find joints are not there: {path}; put {bundle.url} there "
        f"(SHA-256 {bundle.sha256}), or say where it is"
    )
