"""What `takt train` reads."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from streamer.settings.training_data import DataSection
from streamer.settings.values import Count, PositiveSeconds, Section, Share, Text, TrainedKind


class NetworkSection(Section):
    """What is trained, and what it will see live."""

    kind: TrainedKind = Field("slowfast", description="which recognizer")
    size: Text = Field("small", description="a named size of the kind; a wrong one is answered with those there are")
    numbers: dict[str, Any] = Field(default_factory=dict, description="numbers of that size to change")
    multilabel: bool = Field(False, description="several actions can go on at once; each is scored by itself")
    interval_s: PositiveSeconds = Field(0.125, description="seconds between two pictures of a clip")
    hop_s: PositiveSeconds = Field(0.25, description="seconds from one clip to the next, live")
    crop_px: int = Field(112, ge=32, le=1024, description="side of the square that the network sees")


class RecipeSection(Section):
    """The numbers of the optimisation."""

    steps: Count = Field(500, description="batches to learn from")
    batch: int = Field(32, ge=2, le=4096, description="clips in a batch")
    rate: Annotated[float, Field(gt=0, le=1)] = Field(2e-3, description="highest learning rate (AdamW)")
    weight_decay: Annotated[float, Field(ge=0, le=1)] = Field(0.05, description="of convolutions and head")
    smoothing: Share = Field(0.05, description="label smoothing")
    average: Annotated[float, Field(ge=0, lt=1)] = Field(0.995, description="decay of the mean of weights that is kept")
    flip: bool = Field(False, description="mirror half of the clips; only where no action has a direction")
    zoom: Annotated[float, Field(ge=0, le=0.9)] = Field(0.0, description="clips show from 1 - zoom of the picture")
    noise: Annotated[float, Field(ge=0, le=1)] = Field(0.0, description="of joints, in shares of the body's size")
    turn: Annotated[float, Field(ge=0, le=180)] = Field(0.0, description="degrees by which clips are turned at most")
    grey: Share = Field(0.0, description="share of clips without colour")
    ghost: Share = Field(0.0, description="share of clips under a faint still picture of another")
    hide: Share = Field(0.0, description="share of clips with a box painted over; of joints")
    mixup: Annotated[float, Field(ge=0, le=10)] = Field(0.0, description="alpha of mixup; 0 is none")
    background: Annotated[float, Field(gt=0, le=100)] = Field(2.0, description="how often it is shown, in actions")
    abstain: Share = Field(0.0, description="share of known actions that may be lost so that unknown ones are too")
    seed: int = Field(1, ge=0, le=2**31, description="the same seed gives the same network")
    threads: int = Field(2, ge=1, le=256, description="of the CPU")
    device: Literal["auto", "cpu", "cuda"] = Field("auto", description="where to train; auto: a GPU where there is one")


class JitterSection(Section):
    """How training clips differ from what was recorded."""

    speed: Annotated[float, Field(ge=0, le=0.9)] = Field(0.15, description="played at 1 - speed to 1 + speed")
    crop: Annotated[float, Field(ge=0, le=0.9)] = Field(0.0, description="skeletons show from 1 - crop of an action")
    repeat: Share = Field(0.08, description="share of pictures that repeat the one before")
    splice: Share = Field(0.0, description="share of clips that begin in another recording")
    still: Share = Field(0.0, description="share of background clips that are one picture, standing still")


class TrainingSettings(Section):
    """A whole training."""

    out: Path = Field(description="the checkpoint to write, a .safetensors file")
    licence: str = Field("", description="of the weights, as the checkpoint will say it, e.g. Apache-2.0")
    network: NetworkSection = NetworkSection()
    data: DataSection = Field(description="what to learn from")
    recipe: RecipeSection = RecipeSection()
    jitter: JitterSection = JitterSection()
