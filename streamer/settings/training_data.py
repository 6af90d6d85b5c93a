"""What `takt train` learns from: the section `data` of its file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field, model_validator

from recognizers.kinds import of, taught_by
from streamer.settings.values import Count, PositiveSeconds, Section, Text

Videos = Annotated[Path | None, Field(description="where the videos are, in whatever folders; null: with the lists")]
Negatives = Annotated[tuple[Path, ...], Field(description="videos that show none of the actions")]
Elsewhere = Annotated[int, Field(ge=0, description="simulated scenes for the background")]
PoseModel = Annotated[
    Path | None,
    Field(
        description=f"for {of('pose_model')}: the file of the networks that find joints in them; "
        "null: from the cache folder"
    ),
]
HeldOutEvery = Annotated[int, Field(ge=2, description="every n-th group is kept from training")]


class WorkCellSection(Section):
    """The simulated work cell."""

    seed: int = Field(1000, ge=0, le=2**31, description="of the first session; the next one has the next seed")
    sessions: Count = Field(40, description="operators to train on")
    session_s: PositiveSeconds = Field(60.0, description="seconds that each of them works")
    held_out: Count = Field(12, description="operators that are kept from training")
    elsewhere: Count = Field(80, description="scenes that are no work cell, for the background")


class ClipsSection(Section):
    """A folder of clips, each of one action or of several."""

    folder: Path = Field(description="holds clips.csv with columns path, label (a;b: both), group")
    negatives: tuple[Path, ...] = Field((), description="videos that show none of the actions")
    elsewhere: Annotated[int, Field(ge=0)] = Field(40, description="simulated scenes for the background")
    held_out_every: int = Field(3, ge=2, description="every n-th group is kept from training")
    pose_model: PoseModel = None


class SkeletonsSection(Section):
    """A file of skeletons, one action a sequence; whole sequences are drawn to the length of a clip."""

    path: Path = Field(description="a .npz of frames, lengths, labels, subjects, names")
    held_out: tuple[int, ...] = Field(
        min_length=1, description="subjects kept from training; where none, blocks 1 to 5"
    )
    calibration: tuple[int, ...] = Field((), description="others that the temperature is fitted on, not trained on")
    background: Text = Field("background", description="one of its labels, or a new one for what is no action")


class BenchPairsSection(Section):
    """Pairs of simulated work cells side by side, each with an operator in a box."""

    seed: int = Field(5000, ge=0, le=2**31, description="of the first bench; the next one has the next seed")
    sessions: Count = Field(12, description="pairs to train on")
    session_s: PositiveSeconds = Field(60.0, description="seconds that each of them works")
    held_out: Count = Field(4, description="pairs that are kept from training")


class KineticsSection(Section):
    """Kinetics, by the official lists or by `path label` lists."""

    path: Path = Field(description="the folder of train.csv, val.csv and test.csv, or one list")
    videos: Videos = None
    labels: Path | None = Field(None, description="the label map; null: one beside the lists, or the labels they name")
    negatives: Negatives = ()
    elsewhere: Elsewhere = 0


class CharadesSection(Section):
    """Charades; several of its actions go on at once: network.multilabel: true."""

    path: Path = Field(description="the folder of Charades_v1_train.csv, _test.csv and _classes.txt")
    videos: Videos = None
    negatives: Negatives = ()
    elsewhere: Elsewhere = 0


class SplitsSection(Section):
    """UCF101 or HMDB51 by their official split lists."""

    path: Path = Field(description="the folder of trainlist01.txt and so on, or of CLASS_test_split1.txt")
    videos: Videos = None
    split: int = Field(1, ge=1, le=99, description="which of the splits")
    negatives: Negatives = ()
    elsewhere: Elsewhere = 0


class FolderSection(Section):
    """A folder of class folders, perhaps within train, val and test."""

    path: Path = Field(description="holds a folder of videos for each label")
    group: Text = Field(
        r"_(g\d+)_c\d+$", description="a regular expression that finds in a video's name who is shown, in parentheses"
    )
    negatives: Negatives = ()
    elsewhere: Elsewhere = 0
    held_out_every: HeldOutEvery = 3
    pose_model: PoseModel = None


class RecordingsSection(Section):
    """What our own service recorded."""

    path: Path = Field(description="a folder with labels.jsonl")
    negatives: Negatives = ()
    elsewhere: Elsewhere = 0
    held_out_every: HeldOutEvery = 3
    pose_model: PoseModel = None


class AvaSection(Section):
    """AVA: what each person does, in boxes."""

    path: Path = Field(description="the folder of ava_train*.csv, ava_val*.csv and the label map *.pbtxt")
    videos: Videos = None


class DataSection(Section):
    """Where clips come from: exactly one of these."""

    work_cell: WorkCellSection | None = Field(None, description="the simulated work cell")
    clips: ClipsSection | None = Field(None, description="a folder of clips with clips.csv")
    folder: FolderSection | None = Field(None, description="a folder of class folders")
    recordings: RecordingsSection | None = Field(None, description="what our own service recorded")
    kinetics: KineticsSection | None = Field(None, description="Kinetics-400, -600, -700 or lists like theirs")
    charades: CharadesSection | None = Field(None, description="Charades")
    splits: SplitsSection | None = Field(None, description="UCF101 or HMDB51")
    ava: AvaSection | None = Field(None, description=f"AVA, for {taught_by('ava')}")
    skeletons: SkeletonsSection | None = Field(None, description=f"a file of skeletons, for {taught_by('skeletons')}")
    bench_pairs: BenchPairsSection | None = Field(
        None, description=f"two work cells a picture, for {taught_by('bench_pairs')}"
    )

    @model_validator(mode="after")
    def _one(self) -> DataSection:
        *first, last = type(self).model_fields
        if sum(one is not None for _, one in self) != 1:
            raise ValueError(f"must have exactly one of {', '.join(first)} and {last}")
        return self
