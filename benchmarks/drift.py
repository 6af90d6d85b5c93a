"""Which changes of a bench the drift measures of a network notice, and whether they are silent without one.

usage: python -m benchmarks.drift [--checkpoint bundled:cell] [--seed 9000]

Operators of the simulated cell that the network has not seen: six to say what is usual, three more with other scenes
to say how far people are apart, three to watch, live as they are and changed.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from recognizers.card import Card, Usual, checkpoint_path
from recognizers.checkpoint import load
from recognizers.data.sets import Sampling, WorkCellData
from recognizers.data.track import Track, squares
from recognizers.data.windows import even_windows
from recognizers.families import network_of
from recognizers.runtimes.answers import abstains, known_by, scores_of
from recognizers.spread import instability, spread
from recognizers.train.usual import usual_of
from recognizers.train.validate import CLEAR, Answers
from recognizers.transforms import MEAN, STD, normalised

Pictures = NDArray[np.uint8]


def blocks(seen: Pictures, side: int) -> Pictures:
    height, width = seen.shape[1:3]
    coarse = seen[:, ::side, ::side].repeat(side, 1).repeat(side, 2)
    return np.asarray(coarse[:, :height, :width])


CHANGES: dict[str, Callable[[Pictures], Pictures]] = {
    "as it was": lambda seen: seen,
    "0.4 of the light": lambda seen: (seen * 0.4).astype(np.uint8),
    "mirrored": lambda seen: seen[:, :, ::-1].copy(),
    "camera turned by a quarter of the picture": lambda seen: np.roll(seen, seen.shape[2] // 4, 2),
    "in blocks of 6 pixels": lambda seen: blocks(seen, 6),
    "upside down": lambda seen: seen[:, ::-1].copy(),
}  # fmt: skip


def asked(network: nn.Module, card: Card, tracks: Sequence[Track], hop_s: float, clear: float) -> Answers:
    """What a network says of the windows of tracks; `clear`: see `recognizers.train.validate`."""
    logits, truth, waiting = list[torch.Tensor](), list[int](), list[Pictures]()

    def ask() -> None:
        clips = torch.from_numpy(np.stack(waiting)).permute(0, 1, 4, 2, 3)
        logits.append(network(normalised(clips, MEAN, STD)))
        waiting.clear()

    with torch.inference_mode():
        for track in tracks:
            spec = card.spec
            for pictures, label in even_windows(track, len(card.labels), spec.frames, spec.interval_s, hop_s, clear):
                waiting.append(squares(pictures, card.crop_px))
                truth.append(label)
                if len(waiting) == 16:
                    ask()
        if waiting:
            ask()
    return Answers(torch.cat(logits), np.array(truth, np.int64))


def measures(given: Answers, card: Card, usual: Usual) -> dict[str, float]:
    """As the service has them."""
    unknown = abstains(given.logits, card)
    scores = spread(scores_of(given.logits[~unknown], card).numpy())
    energy = known_by("energy", given.logits, card.temperature)
    return {
        "scores": instability(scores, usual.scores) or 0.0,
        "unfamiliar": float((energy < usual.familiar).float().mean()),
        "abstained": float(unknown.float().mean()),
    }


def main() -> None:
    ask = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    ask.add_argument("--checkpoint", default="bundled:cell")
    ask.add_argument("--seed", type=int, default=9000)
    given = ask.parse_args()
    torch.set_num_threads(1)
    card, tensors = load(checkpoint_path(given.checkpoint))
    network = network_of(card, tensors, given.checkpoint).eval()
    sampling = Sampling(2 / card.spec.interval_s, card.crop_px)
    data = WorkCellData(given.seed, 1, 40.0, 9, 20).load(sampling, lambda *_: None, ("calibration", "held_out"))
    people, elsewhere = data.held_out[:9], data.held_out[9:]
    calibration = asked(network, card, (*data.calibration, *people[:3]), 0.5, CLEAR)
    held_out = asked(network, card, (*people[3:6], *elsewhere), 0.5, CLEAR)
    usual = usual_of(calibration, held_out, card)
    if usual is None:
        raise SystemExit("too few clips to say what is usual")
    sys.stdout.write(f"{'limit':44} {dict(usual.limits)}\n")
    for name, change in CHANGES.items():
        live = [replace(track, pictures=change(np.asarray(track.pictures))) for track in people[6:]]
        found = measures(asked(network, card, live, card.spec.hop_s, 0.0), card, usual)
        told = {measure: round(value, 3) for measure, value in found.items()}
        over = [measure for measure, value in found.items() if value > usual.limits.get(measure, 9)]
        sys.stdout.write(f"{name:44} {told} {'drifts: ' + ', '.join(over) if over else ''}\n")


if __name__ == "__main__":
    main()
