"""Configurations and checkpoints on disk, for the tests of whatever reads them."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import pytest

from recognizers.card import CARD, Card
from recognizers.clip import ClipSpec
from streamer.errors import ConfigError
from streamer.settings import Settings, load

VALID = """\
recognizers:
  cell: {checkpoint: CHECKPOINT}
streams:
  - id: cell-4
    source: {kind: rtsp, url: "rtsp://cam4/main"}
    watches:
      - {id: bench, recognizer: cell}
"""
"""Line 2 is a recognizer, line 5 a source, line 7 a watch."""


def write_card(
    path: Path,
    actions: tuple[str, ...] = ("tighten", "loosen"),
    kind: str = "slowfast",
    multilabel: bool | None = None,
    **network: object,
) -> Path:
    """A checkpoint without a single weight; `multilabel`: where it must be, unless said; `network`: plain numbers."""
    if multilabel is None:
        multilabel = kind == "slowfast_actors"
    card = Card(
        kind=kind, labels=("idle", *actions), background="idle", spec=ClipSpec(8, 0.1, 0.5, 32), crop_px=32,
        mean=(0.5, 0.5, 0.5), std=(0.2, 0.2, 0.2), network=network, multilabel=multilabel,
    )  # fmt: skip
    header = json.dumps({"__metadata__": {CARD: json.dumps(asdict(card))}}).encode()
    path.write_bytes(len(header).to_bytes(8, "little") + header)
    return path


def read(folder: Path, text: str, environment: Mapping[str, str] | None = None) -> Settings:
    """Load a configuration whose CHECKPOINT is a file that fits."""
    checkpoint = write_card(folder / "cell.safetensors")
    file = folder / "cell.yaml"
    file.write_text(text.replace("CHECKPOINT", str(checkpoint)), encoding="utf-8")
    return load(file, environment or {})


def mistakes(folder: Path, text: str, environment: Mapping[str, str] | None = None) -> list[str]:
    """All that is wrong with it, as `line: path: what`."""
    with pytest.raises(ConfigError) as caught:
        read(folder, text, environment)
    prefix = f"{folder / 'cell.yaml'}:"
    assert all(problem.startswith(prefix) and "\n" not in problem for problem in caught.value.problems)
    return [problem.removeprefix(prefix) for problem in caught.value.problems]


def write_bundle(path: Path) -> Path:
    """Members with the names of the networks that find people's and hands' joints."""
    with zipfile.ZipFile(path, "w") as file:
        for name in ("pose_detector", "pose_landmarks_detector", "hand_detector", "hand_landmarks_detector"):
            file.writestr(f"{name}.tflite", "a network")
    return path
