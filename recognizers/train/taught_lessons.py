"""The folds of a few clips as lessons: of pictures, or of the joints of the people in them."""

from __future__ import annotations

from dataclasses import dataclass

from recognizers.data.joints import Looking
from recognizers.data.skeletons import Sequence, SkeletonSet
from recognizers.data.taught import Taught
from recognizers.data.track import Sampling, Tick
from recognizers.data.windows import even_windows
from recognizers.errors import CheckpointMismatch, DataError
from recognizers.estimators.choice import build_estimator
from recognizers.nn.skeletons import SkeletonSize
from recognizers.train.lessons import Lessons, PictureLessons
from recognizers.train.plan import TrainingPlan
from recognizers.train.skeleton_lessons import SkeletonLessons
from recognizers.train.validate import CLEAR, HOP_S


@dataclass(frozen=True, slots=True)
class FoldLessons:
    """Lessons whose clips are both learned from and, held out, judged by."""

    lessons: Lessons
    clip_of: tuple[int, ...]
    """Which of all clips each judged answer is of."""


def picture_folds(clips: Taught, plan: TrainingPlan, elsewhere: int, tick: Tick) -> list[FoldLessons]:
    """Raises DataError where a film cannot be read."""
    made, spec = [], plan.spec
    for number in range(clips.folds.count):
        data = clips.pictures(number, elsewhere, Sampling(plan.stored_hz, plan.stored_px), tick)
        answers = [
            sum(1 for _ in even_windows(track, len(data.classes), spec.frames, spec.interval_s, HOP_S, CLEAR))
            for track in data.held_out
        ]
        places = clips.of_fold(number)
        clip_of = tuple(place for place, count in zip(places, answers, strict=True) for _ in range(count))
        made.append(FoldLessons(PictureLessons(data, spec, plan.crop_px, plan.recipe, plan.jitter), clip_of))
    return made


def looking_of(plan: TrainingPlan, size: SkeletonSize) -> Looking:
    """What finds joints as it will live; raises DataError where its networks are not there."""
    try:
        estimator = build_estimator(size.layout, size.coordinates, 1, None, plan.recipe.threads)
    except CheckpointMismatch as error:
        raise DataError(str(error)) from error
    return Looking(estimator, size.layout, 1 / plan.spec.interval_s, size.frames)


def joint_folds(
    clips: Taught, plan: TrainingPlan, size: SkeletonSize, looking: Looking, tick: Tick
) -> list[FoldLessons]:
    """Raises DataError where a film cannot be read."""
    listing, names = clips.listing, (clips.listing.background, *clips.listing.labels)
    groups = sorted({one.group for one in listing.recordings})
    found: list[list[tuple[int, Sequence]]] = [[] for _ in range(clips.folds.count)]
    for place, (one, label) in enumerate(zip(listing.recordings, clips.labels, strict=True)):
        skeletons = looking.film(one.path, one.region)
        begin = round(one.start_s * looking.rate_hz)
        end = len(skeletons) if one.end_s is None else round(one.end_s * looking.rate_hz)
        for piece in looking.pieces(skeletons[begin : max(end, begin + 1)]):
            sequence = Sequence(groups.index(one.group) + 1, names.index(label), piece)
            found[clips.folds.of_clip[place]].append((place, sequence))
        tick("finding joints", place + 1, len(listing.recordings))
    made = []
    for fold in found:
        own = tuple(sequence for _, sequence in fold)
        seen = tuple(one for one in own if one.skeletons[..., 2].any()) or own
        data = SkeletonSet(names, listing.background, seen, (), own, clips.description)
        made.append(FoldLessons(SkeletonLessons(data, size, plan.recipe, plan.jitter), tuple(n for n, _ in fold)))
    return made
