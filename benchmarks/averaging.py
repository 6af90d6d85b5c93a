"""Does it matter how often a recording is looked at, and how far apart the pictures of a clip lie? One network.

usage: python -m benchmarks.averaging CHECKPOINT --data clips:FOLDER [--rate 25] [--json]
       python -m benchmarks.averaging bundled:cell --data cell:9000

Rows are clips x crops whose scores are averaged, columns the stride: every N-th picture of RATE a second. Held-out
groups are judged; of the simulated cell, what operators do who were not trained on, in pieces of at least a second,
drawn 4:3 so that crops differ.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from recognizers.data.naming import Listed, named
from recognizers.data.sampling import cropped, dense_clips
from recognizers.data.synthetic import IDLE, WorkCell
from recognizers.validation.figures import Said, scores
from recognizers.validation.footage import Footage, Read
from recognizers.validation.material import listed
from recognizers.validation.network import Asked, asked

CLIPS, CROPS, STRIDES = (1, 3, 5, 10), (1, 3), (1, 2, 4, 8)
_OPERATORS, _SESSION_S, _SHORTEST_S = 6, 40.0, 1.0


@dataclass(frozen=True, slots=True)
class Row:
    """A way to look, and how often it is right by stride."""

    clips: int
    crops: int
    top1: dict[int, float]


def operators(seed: int) -> Iterator[Footage]:
    """What operators of the simulated cell do, one after the other."""
    for number in range(seed, seed + _OPERATORS):
        cell = WorkCell(number)
        for segment in cell.truth(_SESSION_S)[:-1]:
            if segment.end_s - segment.start_s >= _SHORTEST_S:
                actions = () if segment.label == IDLE else (segment.label,)
                yield Footage(f"{number}", f"{number}", actions, _drawing(number, segment.start_s, segment.end_s))


def _drawing(seed: int, start_s: float, end_s: float) -> Read:
    def read(rate_hz: float, side_px: int) -> NDArray[np.uint8]:
        cell = WorkCell(seed, height_px=side_px)
        return np.stack([cell.draw(float(moment)) for moment in np.arange(start_s, end_s, 1 / rate_hz)])

    return read


def looks(network: Asked, footage: Footage, rate_hz: float) -> dict[tuple[int, int], Tensor]:
    """By stride and clips: logits `(clips, 3, C)` of the three crops of each clip."""
    side, frames = network.card.crop_px, network.card.spec.frames
    shown = footage.read(rate_hz, side)
    pictures = shown[np.arange(len(shown))]
    ways = {(stride, clips): dense_clips(len(pictures), frames, stride, clips) for stride in STRIDES for clips in CLIPS}
    # Many ways share clips, in short recordings nearly all.
    different, which = np.unique(np.concatenate(list(ways.values())), axis=0, return_inverse=True)
    views = (view for clip in different for view in cropped(pictures[clip], side, max(CROPS)))
    said = network.logits(views).unflatten(0, (len(different), max(CROPS)))[torch.from_numpy(which.ravel())]
    parts = said.split([len(clips) for clips in ways.values()])
    return dict(zip(ways, parts, strict=True))


def table(network: Asked, some: Sequence[Footage], rate_hz: float) -> list[Row]:
    """Every way to look."""
    said = []
    for number, one in enumerate(some, 1):
        said.append(looks(network, one, rate_hz))
        print(f"looking: {number} of {len(some)}", file=sys.stderr, flush=True)
    rows = []
    for clips in CLIPS:
        for crops in CROPS:
            top1 = {stride: _right(network, some, [one[stride, clips] for one in said], crops) for stride in STRIDES}
            rows.append(Row(clips, crops, top1))
    return rows


def _right(network: Asked, some: Sequence[Footage], said: Sequence[Tensor], crops: int) -> float:
    chosen = [one if crops > 1 else one[:, 1:2] for one in said]
    answered = [
        Said(footage.name, footage.group, footage.actions, logits.flatten(0, 1))
        for footage, logits in zip(some, chosen, strict=True)
    ]
    labels, none = network.card.labels, network.card.background
    truth = [labels.index((footage.actions or (none,))[0]) for footage in some]
    return float((scores(answered, network.card).argmax(axis=1) == np.array(truth)).mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint")
    parser.add_argument("--data", required=True, metavar="KIND:PATH")
    parser.add_argument("--rate", type=float, default=25.0, help="pictures a second of which every N-th is taken")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    network, data = asked(arguments.checkpoint), named(arguments.data)
    if isinstance(data, Listed):
        some = list(listed(data.listing(), network.card, "held_out").footage)
    else:
        some = list(operators(int(arguments.data.partition(":")[2])))
    rows = table(network, some, arguments.rate)
    interval = network.card.spec.interval_s
    if arguments.json:
        print(json.dumps({"recordings": len(some), "interval_s": interval, "rows": [_plain(row) for row in rows]}))
        return
    print(f"{len(some)} recordings; the network was trained on pictures {interval:g} s apart\n")
    print("| clips × crops | " + " | ".join(f"every {n}. ({n / arguments.rate:g} s)" for n in STRIDES) + " |")
    print("|---" * (len(STRIDES) + 1) + "|")
    for row in rows:
        print(f"| {row.clips} × {row.crops} | " + " | ".join(f"{row.top1[n]:.1%}" for n in STRIDES) + " |")


def _plain(row: Row) -> dict[str, object]:
    return {"clips": row.clips, "crops": row.crops, "top1": {str(n): round(one, 4) for n, one in row.top1.items()}}


if __name__ == "__main__":
    main()
