"""What is no official checkpoint is refused in our own words, and nothing that is read is written over."""

from __future__ import annotations

import os
import pickle
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from recognizers.card import read_card
from recognizers.convert import OFFICIAL, from_official, read_official
from recognizers.errors import CheckpointMismatch
from streamer.cli import main
from tests.recognizers.clip_networks import small
from tests.recognizers.networks import LABELS
from tests.recognizers.test_convert_relatives import official


class Code:
    def __reduce__(self) -> Any:
        return os.system, ("true",)


def quantised() -> Tensor:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch says that it will go
        return torch.quantize_per_tensor(torch.zeros(3), 0.1, 0, torch.qint8)


NO_WEIGHTS: dict[str, tuple[Any, str]] = {
    "code": ({"a": Code()}, r"it asks for posix\.system, which is code"),
    "numbered": ({0: torch.zeros(3)}, "not plain numbers by a name .*: 0"),
    "sparse": ({"model_state": {"a": torch.zeros(3).to_sparse()}}, "not plain numbers by a name .*: a"),
    "without contents": ({"a": torch.zeros(3, device="meta")}, "not plain numbers by a name .*: a"),
    "quantised": ({"a": quantised()}, "not plain numbers by a name .*: a"),
    "nothing": ({}, "holds no weights"),
    "no tensors": ({"a": 1}, "holds no weights"),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", NO_WEIGHTS)
def test_weights_of_odd_form_are_told(tmp_path: Path, name: str) -> None:
    held, said = NO_WEIGHTS[name]
    torch.save(held, tmp_path / "official.pyth")
    with pytest.raises(CheckpointMismatch, match=said) as refused:
        read_official(tmp_path / "official.pyth")
    assert "weights_only" not in str(refused.value)


@pytest.mark.parametrize("content", [b"PK\x03\x04garbage", b""])
def test_a_damaged_file_is_told_without_torchs_advice(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "official.pyth").write_bytes(content)
    with pytest.raises(CheckpointMismatch, match="damaged") as refused:
        read_official(tmp_path / "official.pyth")
    assert "weights_only" not in str(refused.value)


def test_blobs_have_names(tmp_path: Path) -> None:
    (tmp_path / "official.pkl").write_bytes(pickle.dumps({"blobs": {1: np.zeros(3, np.float32)}}, 2))
    with pytest.raises(CheckpointMismatch, match="blobs that are no weights: 1"):
        read_official(tmp_path / "official.pkl")


@pytest.mark.parametrize("dtype", [torch.complex64, torch.bool])
def test_numbers_that_would_lose_something_are_named(dtype: torch.dtype) -> None:
    weights = official("x3d")
    weights["blocks.5.proj.weight"] = weights["blocks.5.proj.weight"].to(dtype)
    with pytest.raises(CheckpointMismatch, match=rf"blocks\.5\.proj\.weight holds {dtype} where the network has"):
        from_official(weights, small("x3d"), len(LABELS), "official", "x3d")


def converted(folder: Path, capsys: pytest.CaptureFixture[str], *words: str, labels: bytes = b"idle\npick\n") -> str:
    """What is said where a file without weights is to be converted."""
    (folder / "labels.txt").write_bytes(labels)
    if not (folder / "a.pyth").exists():
        torch.save({}, folder / "a.pyth")
    command = ["models", "convert", str(folder / "a.pyth"), "--size", "r50_8x8", "--labels", str(folder / "labels.txt")]
    assert main([*command, *words]) == 1
    return " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize("read", ["a.pyth", "labels.txt"])
@pytest.mark.parametrize("linked", [False, True])
def test_what_is_read_is_not_written_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], read: str, linked: bool
) -> None:
    torch.save({"a": torch.ones(3)}, tmp_path / "a.pyth")
    before = (tmp_path / "a.pyth").read_bytes()
    out = tmp_path / "link" if linked else tmp_path / read
    if linked:
        out.symlink_to(tmp_path / read)
    assert "is what is to be read" in converted(tmp_path, capsys, str(out), "--background", "idle")
    assert (tmp_path / "a.pyth").read_bytes() == before
    assert (tmp_path / "labels.txt").read_text() == "idle\npick\n"


@pytest.mark.parametrize(
    ("labels", "words", "said"),
    [
        (b"idle\npick\n", ["--background", "idle", "--abstain-below", "nan"], "it must be a finite number"),
        (b"\xff\xfe\n", ["--background", "idle"], "is no text in UTF-8"),
        (b"idle\nidle\n", ["--background", "idle"], "labels.txt:2: 'idle' is empty or came before"),
    ],
)
def test_what_is_said_of_a_file_is_looked_at(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], labels: bytes, words: list[str], said: str
) -> None:
    assert said in converted(tmp_path, capsys, str(tmp_path / "out"), *words, labels=labels)


def test_labels_of_windows_are_the_words_and_an_empty_background_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny = {"tiny": (lambda: small("x3d"), 0.2, 32)}
    monkeypatch.setitem(OFFICIAL, "x3d", replace(OFFICIAL["x3d"], sizes=tiny))
    torch.save(official("x3d"), tmp_path / "a.pyth")
    (tmp_path / "labels.txt").write_bytes("\ufeffidle\r\npick\r\nplace\r\n".encode())
    out = tmp_path / "[bold]ours.safetensors"
    command = ["models", "convert", str(tmp_path / "a.pyth"), str(out), "--kind", "x3d", "--size", "tiny"]
    command += ["--labels", str(tmp_path / "labels.txt")]

    assert main([*command, "--background", ""]) == 1
    assert "--background is empty" in capsys.readouterr().err
    assert main([*command, "--background", "idle"]) == 0
    assert read_card(out).labels == ("idle", "pick", "place")
    assert capsys.readouterr().out == f"{out}: x3d of 3 labels\n"
