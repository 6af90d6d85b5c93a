"""What is to be trained, and how."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from recognizers.clip import ClipSpec, wrong_hop
from recognizers.data.actors import BenchPairData
from recognizers.data.ava import AvaData
from recognizers.data.joints import Looking, joints_in
from recognizers.data.lists import LIST_KINDS, VideoListData
from recognizers.data.sets import ClipListData, Sampling, Tick, WorkCellData
from recognizers.data.skeletons import SkeletonData, SkeletonSet
from recognizers.data.windows import Jitter
from recognizers.errors import CheckpointMismatch, DataError
from recognizers.estimators.choice import build_estimator
from recognizers.kinds import mislabelled, unlearnable
from recognizers.nn.network import Size
from recognizers.nn.skeletons import SkeletonSize
from recognizers.train.actor_lessons import ActorLessons
from recognizers.train.lessons import Lessons, PictureLessons
from recognizers.train.recipe import Recipe
from recognizers.train.skeleton_lessons import SkeletonLessons

Data = WorkCellData | ClipListData | VideoListData | SkeletonData | BenchPairData | AvaData
SOURCES: Mapping[str, Callable[..., Data]] = {
    "work_cell": WorkCellData,
    "clips": ClipListData,
    **{kind: partial(VideoListData, kind) for kind in LIST_KINDS},
    "skeletons": SkeletonData,
    "bench_pairs": BenchPairData,
    "ava": AvaData,
}
"""Of data, by the names of `DATA`."""


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """A whole training."""

    kind: str
    """A key of `KINDS`."""
    size: Size
    spec: ClipSpec
    crop_px: int
    data: Data
    recipe: Recipe
    jitter: Jitter
    out: Path
    licence: str = ""
    """Of the weights, for the card."""
    multilabel: bool = False
    """Several actions can go on at once; each is asked for by itself."""
    begin: Path | None = None
    """A checkpoint of this kind and size to begin with."""
    curves: Path | None = None
    """A folder for the curves of the training."""

    @property
    def state_path(self) -> Path:
        """Where a killed training goes on from."""
        return self.out.with_suffix(".state")

    @property
    def best_path(self) -> Path:
        """The best weights so far, as a checkpoint."""
        return self.out.with_suffix(f".best{self.out.suffix}")

    @property
    def stored_px(self) -> int:
        """Pictures are kept a little larger than the network sees them, for random crops."""
        return round(self.crop_px * 1.14)

    @property
    def stored_hz(self) -> float:
        """Twice the clips' own rate, so that clips can begin between two of the live grid's moments."""
        return 2 / self.spec.interval_s

    def check(self) -> None:
        """Raises DataError where the kind cannot learn from such data, or not say what it is to say, where clips come
        too often, or where its result would take the place of what it begins with."""
        if (problem := unlearnable(self.kind, _source_of(self.data))) is not None:
            raise DataError(problem)
        if (problem := mislabelled(self.kind, self.multilabel)) is not None:
            right = str(not self.multilabel).lower()
            raise DataError(f"{problem}; set network.multilabel: {right}, or train another kind")
        if (problem := wrong_hop(self.spec, {})) is not None:
            raise DataError(f"network.{problem}")
        span_s = max(self.spec.span_s, self.spec.interval_s)
        if isinstance(self.data, WorkCellData | BenchPairData) and self.data.session_s < span_s:
            raise DataError(
                f"session_s: {self.data.session_s:g} s are less than a clip, which spans {span_s:g} s; give longer ones"
            )
        if self.begin is not None and self.begin.resolve() in (self.out.resolve(), self.best_path.resolve()):
            raise DataError(
                f"begin: {self.begin} is a file that this training writes; copy it to another name, or say another out"
            )

    def lessons(self, tick: Tick) -> Lessons:
        """The data, read.

        Raises:
            DataError: it cannot be read, or shows nothing of some action.
        """
        self.check()
        data, size = self.data, self.size
        if isinstance(size, SkeletonSize):
            return SkeletonLessons(self._skeletons(size, tick), size, self.recipe, self.jitter)
        if isinstance(data, BenchPairData | AvaData):
            tracks = data.load(Sampling(self.stored_hz, self.crop_px), tick)
            return ActorLessons(tracks, self.spec, self.recipe, self.jitter)
        assert not isinstance(data, SkeletonData)
        clips = data.load(Sampling(self.stored_hz, self.stored_px), tick)
        return PictureLessons(clips, self.spec, self.crop_px, self.recipe, self.jitter, self.multilabel)

    def _skeletons(self, size: SkeletonSize, tick: Tick) -> SkeletonSet:
        if isinstance(self.data, SkeletonData):
            return self.data.load()
        assert isinstance(self.data, ClipListData | VideoListData)
        model = self.data.pose_model
        try:
            estimator = build_estimator(size.layout, size.coordinates, 1, model, self.recipe.threads)
        except CheckpointMismatch as error:
            raise DataError(str(error)) from error
        return joints_in(self.data, Looking(estimator, size.layout, 1 / self.spec.interval_s, size.frames), tick)


def _source_of(data: Data) -> str:
    """Its name among `SOURCES`."""
    if isinstance(data, VideoListData):
        return data.kind
    return next(name for name, make in SOURCES.items() if isinstance(make, type) and isinstance(data, make))
