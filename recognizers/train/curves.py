"""The one door to TensorBoard: how a training goes, as curves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from recognizers.errors import DataError

Draw = Callable[[str, float, int], None]
"""Curve, value, step."""


def check_curves(folder: Path | None) -> None:
    """Raises DataError where curves are asked for and what writes them is not installed."""
    if folder is not None:
        _writer()


@contextmanager
def curves(folder: Path | None, after: int) -> Iterator[Draw]:
    """Draws into event files of a folder, or nowhere; what was drawn there of steps `after` this one is left out."""
    if folder is None:
        yield lambda curve, value, step: None
        return
    with _writer()(str(folder), purge_step=after + 1, flush_secs=10) as writer:
        yield writer.add_scalar


def _writer() -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter  # noqa: PLC0415 - optional
    except ImportError as error:
        raise DataError("curves need TensorBoard, which is not installed; pip install 'taktstream[curves]'") from error
    return SummaryWriter
