"""What a decision costs where each picture is looked at once, against looking at whole clips.

For each network and hop, CPU seconds (one thread) of a decision by four ways, in turns, medians: `naive` (the plain
network, torch's 3-D convolutions, a whole clip), `window` (the windowed recognizer by the fastest runtime here, what it
remembers of the clip before included), `stream` (the continual recognizer by torch and by the fastest runtime). Then
what a stream costs where one process follows many, and how large its state is.

Weights are random: they do not change the cost.
"""

from __future__ import annotations

import argparse
import gc
import json
import time
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import asdict, dataclass, replace
from itertools import count
from math import gcd
from statistics import median
from typing import Any, cast

import numpy as np
import torch
from torch import nn

from recognizers.card import Card
from recognizers.clip import WHOLE_PICTURE, Clip, ClipSpec
from recognizers.models.slowfast import SlowFast, SlowFastSize, slowfast_r50_4x16, slowfast_r50_8x8, slowfast_small
from recognizers.nn.resnet3d import Stem
from recognizers.recognizer import Recognizer
from recognizers.runtimes.continual import ContinualRecognizer
from recognizers.runtimes.windowed import WindowedRecognizer
from recognizers.transforms import MEAN, STD, normalised

CLASSES = 400
STREAMS = (1, 2, 4, 8, 16, 32)


@dataclass(frozen=True, slots=True)
class Case:
    """A network as it is used."""

    name: str
    size: SlowFastSize
    side_px: int
    raw: int
    """Frames of a camera at 30 a second, or of the grid, per picture."""
    hops: tuple[int, ...]
    """In raw frames."""
    many: int
    """Hop at which many streams are followed, in raw frames."""


CASES = {
    "r50_8x8": Case("r50_8x8", replace(slowfast_r50_8x8(), causal=True), 224, 2, (8, 16, 32), 16),
    "r50_4x16": Case("r50_4x16", replace(slowfast_r50_4x16(), causal=True), 224, 2, (8, 16, 32), 16),
    "small": Case("small", replace(slowfast_small(), causal=True), 96, 1, (2, 4, 8), 4),
    "small, grey": Case("small, grey", replace(slowfast_small(), causal=True, fast_colours=1), 96, 1, (2, 4, 8), 4),
}


@dataclass(frozen=True, slots=True)
class Row:
    """Milliseconds of CPU a decision."""

    network: str
    hop: int
    naive: float
    window: float
    torch: float
    stream: float

    @property
    def gain(self) -> float:
        return self.naive / self.stream


@dataclass(frozen=True, slots=True)
class Many:
    """What a stream of so many costs."""

    network: str
    hop: int
    streams: int
    ms: float
    """Of CPU, a decision of one stream."""
    state_mb: float
    """Of one stream."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", nargs="+", choices=CASES, default=list(CASES))
    parser.add_argument("--rounds", type=int, default=5, help="turns; medians are of so many")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    rows, many = [], []
    for name in arguments.networks:
        case, network = CASES[name], SlowFast(CASES[name].size, CLASSES).eval()
        rows += [row_of(case, network, hop, arguments.rounds) for hop in case.hops]
        many += streams_of(case, network, arguments.rounds)
    if arguments.json:
        with_gain = [asdict(row) | {"gain": row.gain} for row in rows]
        print(json.dumps({"rows": with_gain, "streams": list(map(asdict, many))}))
    else:
        print(table(rows, many))


def row_of(case: Case, network: SlowFast, hop: int, rounds: int) -> Row:
    """All ways in turns, in one process."""
    card = card_of(case, hop)
    ways = {
        "naive": naive(network, case),
        "window": following(WindowedRecognizer(network, card, 1, "auto"), case),
        "torch": following(ContinualRecognizer(network, card, 1, "torch"), case),
        "stream": following(ContinualRecognizer(network, card, 1, "auto"), case),
    }
    return Row(case.name, hop, **in_turns(ways, rounds, turn_of(case, hop)))


def turn_of(case: Case, hop: int) -> int:
    """Decisions of a turn: pushes that are shorter than a slow picture cost more where it comes than where not."""
    return case.size.alpha // gcd(case.size.alpha, hop // case.raw)


def streams_of(case: Case, network: SlowFast, rounds: int) -> list[Many]:
    recognizer = ContinualRecognizer(network, card_of(case, case.many), 1, "auto")
    rows = []
    for streams in STREAMS:
        states: list[Any] = [None] * streams
        follow = following(recognizer, case, streams, states)
        took = in_turns({"all": follow}, rounds, turn_of(case, case.many))["all"]
        state_mb = states[0].stream.nbytes / 1e6
        rows.append(Many(case.name, case.many, streams, took / streams, state_mb))
        del states, follow
        gc.collect()
    return rows


def in_turns(ways: dict[str, Callable[[], object]], rounds: int, decisions: int) -> dict[str, float]:
    """Milliseconds of CPU of each way, a decision, of so many in a turn; what a way takes at first does not count."""
    for way in ways.values():
        for _ in range(3):
            way()
    took: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            began = time.process_time()
            for _ in range(decisions):
                way()
            took[name].append(1e3 * (time.process_time() - began) / decisions)
    return {name: median(times) for name, times in took.items()}


def naive(network: SlowFast, case: Case) -> Callable[[], object]:
    """The network as it is written down, by torch's own 3-D convolutions."""
    plain = deepcopy(network)
    for stem in (plain.slow_stem, plain.fast_stem):
        stem.conv = cast(Any, own_convolution(stem))
    clip = torch.zeros(1, case.size.frames, 3, case.side_px, case.side_px, dtype=torch.uint8)

    @torch.inference_mode()
    def decide() -> object:
        return plain(normalised(clip, MEAN, STD)).softmax(dim=1)

    return decide


def own_convolution(stem: Stem) -> nn.Module:
    """Padded on either side in time, which costs what the left alone does."""
    conv = stem.conv
    taps = conv.kernel_size[0]
    plain = nn.Conv3d(conv.in_channels, conv.out_channels, conv.kernel_size, conv.stride, (taps // 2, 3, 3), bias=False)
    plain.load_state_dict(conv.state_dict())
    return plain


def following(
    recognizer: Recognizer, case: Case, streams: int = 1, states: list[Any] | None = None
) -> Callable[[], object]:
    """Each call is the next clip of every stream."""
    kept: list[Any] = [None] * streams if states is None else states
    films = [clips(recognizer.spec, case.side_px, str(stream)) for stream in range(streams)]

    def decide() -> object:
        answers = recognizer.recognize([next(film) for film in films], kept)
        kept[:] = [state for _, state in answers]
        return answers

    return decide


def clips(spec: ClipSpec, side_px: int, stream: str) -> Iterator[Clip]:
    """Of pictures that come again, so that drawing them costs nothing; of each clip as many are new as a camera's."""
    rng = np.random.default_rng(0)
    shown = [rng.integers(0, 256, (side_px, side_px, 3), np.uint8) for _ in range(2 * (spec.frames + spec.hop))]
    for index in count():
        first = index * spec.hop
        pictures = tuple(shown[(first + n) % len(shown)] for n in range(spec.pictures))
        yield Clip(stream, "bench", 1, index, 0.0, 0.0, 0.0, 0.0, WHOLE_PICTURE, 1.0, pictures)


def card_of(case: Case, hop: int) -> Card:
    labels = tuple(map(str, range(CLASSES)))
    spec = ClipSpec(case.size.frames, 1.0, hop / case.raw, case.side_px)
    return Card("slowfast", labels, labels[0], spec, case.side_px, MEAN, STD, asdict(case.size))


def table(rows: Sequence[Row], many: Sequence[Many]) -> str:
    lines = [
        "Milliseconds of CPU a decision",
        f"{'network':14}{'hop':>5}{'naive':>10}{'window':>10}{'torch':>10}{'stream':>10}{'gain':>8}",
    ]
    lines += [
        f"{row.network:14}{row.hop:>5}{row.naive:>10.2f}{row.window:>10.2f}{row.torch:>10.2f}{row.stream:>10.2f}"
        f"{row.gain:>7.1f}×"
        for row in rows
    ]
    lines += ["", f"{'network':14}{'hop':>5}{'streams':>10}{'ms each':>10}{'state MB':>10}"]
    lines += [f"{one.network:14}{one.hop:>5}{one.streams:>10}{one.ms:>10.2f}{one.state_mb:>10.2f}" for one in many]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
