"""A training of seconds."""

from __future__ import annotations

from pathlib import Path

from recognizers.clip import ClipSpec
from recognizers.data.sets import WorkCellData
from recognizers.data.windows import Jitter
from recognizers.models.backbones import PictureSize
from recognizers.models.slowfast import SlowFastSize
from recognizers.train.plan import TrainingPlan
from recognizers.train.recipe import Recipe

SLOWFAST = SlowFastSize(frames=4, alpha=2, beta_inv=2, width=4, depths=(1, 1, 1, 1), fusion_kernel=3)
RECIPE = Recipe(steps=4, batch=3, save_every=2, device="cpu")


def tiny_plan(
    folder: Path, recipe: Recipe = RECIPE, kind: str = "slowfast", size: SlowFastSize | PictureSize = SLOWFAST
) -> TrainingPlan:
    """One simulated operator to learn from, one to judge by."""
    return TrainingPlan(
        kind=kind,
        size=size,
        spec=ClipSpec(4, 0.25, 0.5, 32),
        crop_px=32,
        data=WorkCellData(seed=7, sessions=1, session_s=40.0, held_out=1, elsewhere=1),
        recipe=recipe,
        jitter=Jitter(),
        out=folder / "out.safetensors",
    )


def quiet(what: str, done: int, of: int) -> None:
    assert 0 < done <= of, what
