"""Where a training stands, in a file: whoever is killed goes on from it, to the same result."""

from __future__ import annotations

import io
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from recognizers.errors import DataError, NotWritten


@dataclass(frozen=True, slots=True)
class Learner:
    """All that changes while a network learns."""

    network: nn.Module
    kept: nn.Module
    """The mean of its weights."""
    optimiser: torch.optim.Optimizer
    scaler: torch.amp.GradScaler


@dataclass(frozen=True, slots=True)
class Best:
    """The weights that did best on the calibration part so far."""

    step: int
    loss: float
    """Of clips of the calibration part, calibrated."""
    tensors: dict[str, Tensor]


@dataclass(frozen=True, slots=True)
class State:
    """The file of a training's state."""

    path: Path
    training: str
    """What it is the state of; another training does not go on with it."""

    def remember(self, learner: Learner, best: Best | None, step: int) -> None:
        """Write where a training stands after a step.

        Raises:
            NotWritten: the disk does not take it; the state before is kept.
        """
        state = {
            "plan": self.training,
            "step": step,
            "network": learner.network.state_dict(),
            "kept": learner.kept.state_dict(),
            "optimizer": learner.optimiser.state_dict(),
            "scaler": learner.scaler.state_dict(),
            "best": None if best is None else {"step": best.step, "loss": best.loss, "tensors": best.tensors},
        }
        # Into memory first: a full disk then is an OSError that says so.
        content = io.BytesIO()
        torch.save(state, content)
        write_whole(self.path, content.getbuffer())

    def resume(self, learner: Learner, device: torch.device) -> tuple[int, Best | None]:
        """The step to go on with and the best so far; 0 where no state was left.

        Raises:
            DataError: it is another training's.
        """
        if not self.path.exists():
            return 0, None
        state = torch.load(self.path, weights_only=True, map_location=device)
        if state["plan"] != self.training:
            raise DataError(f"{self.path} was left by another training; remove it to begin anew")
        learner.network.load_state_dict(state["network"])
        learner.kept.load_state_dict(state["kept"])
        learner.optimiser.load_state_dict(state["optimizer"])
        learner.scaler.load_state_dict(state["scaler"])
        return int(state["step"]), None if state["best"] is None else Best(**state["best"])


def write_whole(path: Path, content: bytes | memoryview) -> None:
    """Write a file so that whoever reads it sees the old one or the new one, also after a power cut.

    Raises:
        NotWritten: the disk does not take it; what was there is as it was.
    """
    part = path.with_name(f"{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        with suppress(OSError):
            part.unlink()
        raise NotWritten(_unwritten(path, error)) from error


def check_writable(path: Path) -> None:
    """Raises NotWritten where no file can be made at `path`: before hours of work, not after."""
    if path.is_dir():
        raise NotWritten(f"{path} is a folder; say as `out` a file, e.g. {path / 'network.safetensors'}")
    trial = path.with_name(f"{path.name}.trial")
    write_whole(trial, b"")
    trial.unlink()


def _unwritten(path: Path, error: OSError) -> str:
    kept = "; the one before is kept" if path.exists() else ""
    return f"cannot write {path}: {error.strerror}{kept}. Make room there, or say another `out`"
