"""Folders of video classifiers whose numbers cannot be meant are told in words, by the check and by what runs them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from recognizers.build import build_recognizer
from recognizers.errors import CheckpointMismatch
from recognizers.huggingface import Wanted, folder_card
from tests.recognizers.test_huggingface import changed, preprocessed
from tests.recognizers.videos import MODELS, write_video


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"rescale_factor": 0}, "rescale_factor is 0; it must be a number from 1e-06 to"),
        ({"size": {"shortest_edge": 0}}, "size.shortest_edge is 0; it must be a whole number from 1 to"),
        ({"size": {"shortest_edge": -5}}, "size.shortest_edge is -5; it must be a whole number from 1 to"),
        (
            {"crop_size": {"height": 64, "width": 64}},
            "the preprocessor leaves 64 pixels of a side where the model takes 32",
        ),
        ({"crop_size": "large"}, "the preprocessor leaves large pixels of a side"),
        ({"image_mean": [0.5]}, "image_mean is [0.5]; it must have three numbers"),
        ({"image_mean": ["x", "y", "z"]}, "image_mean is 'x'; it must be a number from"),
        ({"image_std": [float("nan")] * 3}, "image_std is nan; it must be a number from"),
        ({"fps": -3}, "fps is -3; it must be a number from 0.001 to"),
        ({"fps": float("nan")}, "fps is nan; it must be a number from 0.001 to"),
    ],
    ids=range(10),
)
def test_a_preprocessor_that_cannot_be_meant_is_told(tmp_path: Path, given: dict[str, Any], said: str) -> None:
    with pytest.raises(CheckpointMismatch, match=rf"does not describe a video classifier \({re.escape(said)}"):
        folder_card(write_video(tmp_path, preprocessor=preprocessed(**given)), Wanted())


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"num_frames": 0}, "num_frames (or frames_per_clip) is 0; it must be a whole number from 1 to"),
        ({"num_frames": "4"}, "num_frames (or frames_per_clip) is '4'; it must be a whole number from 1 to"),
        ({"id2label": None}, "id2label is None; it must say the label of each output"),
        ({"id2label": {"0": "a", "2": "b"}}, "id2label has 2 labels and none for output 1"),
        ({"id2label": {"0": "", "1": "b"}}, "labels hold ''; each must be a word"),
    ],
    ids=range(5),
)
def test_a_config_that_cannot_be_meant_is_told(tmp_path: Path, given: dict[str, Any], said: str) -> None:
    folder = write_video(tmp_path)
    changed(folder, **given)
    with pytest.raises(CheckpointMismatch, match=rf"does not describe a video classifier \({re.escape(said)}"):
        folder_card(folder, Wanted())


def test_weights_that_give_no_scores_are_refused(tmp_path: Path) -> None:
    folder = write_video(tmp_path)
    weights = load_file(folder / "model.safetensors")
    weights["classifier.bias"] = weights["classifier.bias"] * torch.nan
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(CheckpointMismatch, match=r"not finite in classifier\.bias"):
        build_recognizer("huggingface", folder, {})


def test_weights_that_are_cut_short_are_told_before_the_service_starts(tmp_path: Path) -> None:
    folder = write_video(tmp_path)
    (folder / "model.safetensors").write_bytes((folder / "model.safetensors").read_bytes()[:-50])
    with pytest.raises(CheckpointMismatch, match=r"model\.safetensors is damaged or not a safetensors file"):
        folder_card(folder, Wanted())


@pytest.mark.parametrize("kind", MODELS)
def test_pictures_of_another_size_than_the_models_are_told_for_every_type(tmp_path: Path, kind: str) -> None:
    folder = write_video(tmp_path, kind, preprocessor=preprocessed(crop_size={"height": 48, "width": 48}))
    with pytest.raises(CheckpointMismatch, match="leaves 48 pixels of a side where the model takes 32"):
        folder_card(folder, Wanted())
