"""What a network says of films, as a whole and over time."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from recognizers.card import checkpoint_path, read_card
from recognizers.data.listing import Recording as Listed
from recognizers.data.sampling import Views
from recognizers.data.track import Tick
from recognizers.validation.figures import scores
from recognizers.validation.footage import filmed
from recognizers.validation.network import NEED_MORE, Asked, asked
from recognizers.validation.validate import said
from streamer.build import demand_of
from streamer.engine import LocalEngine
from streamer.trials.recording import film
from streamer.trials.told import told
from streamer.trials.watch import watch_of


async def predictions(
    checkpoint: str, files: Sequence[Path], views: Views, threads: int, tick: Tick
) -> AsyncGenerator[dict[str, Any], None]:
    """Of each file: `labels` with their scores, the best first, averaged over views (of networks that look at clips of
    pictures alone), and `segments`, the events that the live service would have published.

    Raises:
        CheckpointMismatch: the checkpoint cannot be read.
        DataError, SourceRejected, SourceUnavailable: nor a file.
    """
    kind = read_card(checkpoint_path(checkpoint)).kind
    network = None if kind in NEED_MORE else asked(checkpoint, threads)
    watch, recognizer = watch_of(checkpoint, kind, threads)
    async with LocalEngine(watch.recognizer, recognizer) as engine:
        for number, path in enumerate(files, 1):
            segments = await told(film(path), watch, engine, demand_of((watch,)))
            yield {
                "file": str(path),
                **({} if network is None else {"views": str(views), "labels": _labels(network, path, views)}),
                "segments": [
                    {key: round(value, 4) if isinstance(value, float) else value for key, value in asdict(one).items()}
                    for one in segments
                ],
            }
            tick("looking", number, len(files))


def _labels(network: Asked, path: Path, views: Views) -> list[dict[str, Any]]:
    footage = filmed(Listed(path, group="", spans=()), network.card.background)
    (row,) = scores([said(network, footage, views)], network.card)
    best = sorted(zip(network.card.labels, row.tolist(), strict=True), key=lambda pair: -pair[1])
    return [{"label": label, "score": round(score, 4)} for label, score in best]
