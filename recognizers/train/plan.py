"""What is to be trained, and how."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from recognizers.clip import ClipSpec
from recognizers.data.actors import BenchPairData
from recognizers.data.ava import AvaData
from recognizers.data.joints import Looking, joints_in
from recognizers.data.lists import VideoListData
from recognizers.data.sets import ClipListData, Sampling, Tick, WorkCellData
from recognizers.data.skeletons import SkeletonData, SkeletonSet
from recognizers.data.windows import Jitter
from recognizers.errors import CheckpointMismatch, DataError
from recognizers.estimators.choice import build_estimator
from recognizers.nn.network import Size
from recognizers.nn.skeletons import SkeletonSize
from recognizers.train.actor_lessons import ActorLessons
from recognizers.train.lessons import Lessons, PictureLessons
from recognizers.train.recipe import Recipe
from recognizers.train.skeleton_lessons import SkeletonLessons


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """A whole training."""

    kind: str
    """A key of `FAMILIES`."""
    size: Size
    spec: ClipSpec
    crop_px: int
    data: WorkCellData | ClipListData | VideoListData | AvaData | SkeletonData | BenchPairData
    recipe: Recipe
    jitter: Jitter
    out: Path
    licence: str = ""
    """Of the weights, for the card."""
    multilabel: bool = False
    """Several actions can go on at once; each is asked for by itself."""

    @property
    def stored_px(self) -> int:
        """Pictures are kept a little larger than the network sees them, for random crops."""
        return round(self.crop_px * 1.14)

    @property
    def stored_hz(self) -> float:
        """Twice the clips' own rate, so that clips can begin between two of the live grid's moments."""
        return 2 / self.spec.interval_s

    def lessons(self, tick: Tick) -> Lessons:
        """The data, read.

        Raises:
            DataError: it cannot be read, or shows nothing of some action.
        """
        if isinstance(self.size, SkeletonSize):
            if self.multilabel:
                raise DataError("a sequence of skeletons has one label; leave network.multilabel out")
            return SkeletonLessons(self._skeletons(self.size, tick), self.size, self.recipe, self.jitter)
        if isinstance(self.data, SkeletonData):
            raise DataError(f"a {self.kind} network looks at pictures, the data are skeletons; train a san")
        if isinstance(self.data, BenchPairData | AvaData):
            return self._actor_lessons(self.data, tick)
        if self.kind == "slowfast_actors":
            raise DataError("a slowfast_actors network learns from people in boxes; give data.ava or data.bench_pairs")
        data = self.data.load(Sampling(self.stored_hz, self.stored_px), tick)
        return PictureLessons(data, self.spec, self.crop_px, self.recipe, self.jitter, self.multilabel)

    def _skeletons(self, size: SkeletonSize, tick: Tick) -> SkeletonSet:
        if isinstance(self.data, SkeletonData):
            return self.data.load()
        if not isinstance(self.data, ClipListData):
            raise DataError(f"a {self.kind} network looks at people's joints; give data.skeletons or data.clips")
        try:
            estimator = build_estimator(size.layout, size.coordinates, 1, self.data.pose_model, self.recipe.threads)
        except CheckpointMismatch as error:
            raise DataError(str(error)) from error
        return joints_in(self.data, Looking(estimator, size.layout, 1 / self.spec.interval_s, size.frames), tick)

    def _actor_lessons(self, data: BenchPairData | AvaData, tick: Tick) -> ActorLessons:
        if self.kind != "slowfast_actors":
            raise DataError(f"a {self.kind} network cannot tell people apart; train a slowfast_actors")
        if not self.multilabel:
            raise DataError("a slowfast_actors scores each label by itself; set network.multilabel: true")
        tracks = data.load(Sampling(self.stored_hz, self.crop_px), tick)
        return ActorLessons(tracks, self.spec, self.recipe, self.jitter)
