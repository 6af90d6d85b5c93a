"""What `takt train` reads."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

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
    rate: Annotated[float, Field(gt=0, le=1)] = Field(2e-3, description="highest learning rate")
    warm_up: Share = Field(0.05, description="share of the steps in which the rate rises")
    optimiser: Literal["adamw", "sgd"] = Field("adamw", description="how weights are moved")
    head_only: bool = Field(False, description="only what decides learns; what looks stays as it began")
    cached: Annotated[int, Field(ge=0, le=1_000_000)] = Field(
        0, description="with head_only: varied clips that are looked at once, then learned from in seconds; 0: no"
    )
    head_first: Share = Field(0.0, description="share of the steps in which only what decides learns, before all does")
    body_rate: Share = Field(1.0, description="rate of what looks, in shares of rate")
    weight_decay: Annotated[float, Field(ge=0, le=1)] = Field(0.05, description="of convolutions and head")
    smoothing: Share = Field(0.05, description="label smoothing")
    average: Annotated[float, Field(ge=0, lt=1)] = Field(0.995, description="decay of the mean of weights that is kept")
    flip: bool = Field(False, description="mirror half of the clips; only where no action has a direction")
    mirrored: dict[Text, Text] = Field(default_factory=dict, description="with flip: labels that become each other")
    zoom: Annotated[float, Field(ge=0, le=0.9)] = Field(0.0, description="clips show from 1 - zoom of the picture")
    noise: Annotated[float, Field(ge=0, le=1)] = Field(0.0, description="of joints, in shares of the body's size")
    turn: Annotated[float, Field(ge=0, le=180)] = Field(0.0, description="degrees by which clips are turned at most")
    grey: Share = Field(0.0, description="share of clips without colour")
    ghost: Share = Field(0.0, description="share of clips under a faint still picture of another")
    hide: Share = Field(0.0, description="share of clips with a box painted over; of joints")
    mixup: Annotated[float, Field(ge=0, le=10)] = Field(0.0, description="alpha of mixup; 0 is none")
    background: Annotated[float, Field(gt=0, le=100)] = Field(2.0, description="how often it is shown, in actions")
    abstain: Share = Field(0.0, description="share of known actions that may be lost so that unknown ones are too")
    looks: int = Field(10, ge=1, le=1000, description="how often calibration clips are asked; the best look is kept")
    seed: int = Field(1, ge=0, le=2**31, description="the same seed gives the same network")
    save_every: Count = Field(50, description="steps between two states from which a killed training goes on")
    threads: int = Field(2, ge=1, le=256, description="of the CPU")
    workers: int = Field(1, ge=1, le=64, description="threads that prepare the next batches meanwhile")
    precision: Literal["auto", "float32", "bfloat16", "float16"] = Field(
        "auto", description="of the optimisation; auto: bfloat16 on a GPU that has it"
    )
    device: Literal["auto", "cpu", "cuda"] = Field("auto", description="where to train; auto: a GPU where there is one")

    @model_validator(mode="after")
    def _together(self) -> RecipeSection:
        if self.cached and not self.head_only:
            raise ValueError("has cached, which needs head_only: true: what looks must stay as it is")
        if self.head_first and self.head_only:
            raise ValueError("has head_first and head_only; give one of them")
        if self.mirrored and not self.flip:
            raise ValueError("has mirrored, which needs flip: true")
        return self


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
    begin: Text | None = Field(
        None, description="a checkpoint to begin with, instead of network; other labels: its head is made anew"
    )
    curves: Path | None = Field(None, description="a folder for TensorBoard's curves; null: none")
    network: NetworkSection = NetworkSection()
    data: DataSection = Field(description="what to learn from")
    recipe: RecipeSection = RecipeSection()
    jitter: JitterSection = JitterSection()

    @field_validator("out")
    @classmethod
    def _checkpoint(cls, out: Path) -> Path:
        if out.suffix != ".safetensors":
            # Its card, its state and its curves stand beside it under the same name, with other endings.
            raise ValueError("must be a file that ends in .safetensors, e.g. models/cell.safetensors")
        return out

    @model_validator(mode="after")
    def _one_network(self) -> TrainingSettings:
        if self.begin is not None and "network" in self.model_fields_set:
            raise ValueError("has begin and network; leave network out: it is the checkpoint's")
        return self
