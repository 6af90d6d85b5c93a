"""How good a recognizer is that was taught with ten clips of each action, and how long that takes.

usage: python -m benchmarks.teach ucf CLIPS_FOLDER [--by joints] [--clips 10] [--seed 1] [--json]
       python -m benchmarks.teach cell [--clips 10] [--seed 1] [--json]

ucf: real people. Clips of the first five groups of a folder with clips.csv are taught, two of each group and action;
all clips of the other groups are judged.

cell: simulated work cells, each a real RTSP camera; what operators do is recorded as `takt record` does, by the moments
that the simulation tells. Operators that were not recorded are judged.

Clips count as right by the mean of what is said throughout, actions alone and with what is abstained from.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from recognizers.card import Card
from recognizers.checkpoint import load
from recognizers.clip import WHOLE_PICTURE
from recognizers.data.listing import Listing
from recognizers.data.loading import load as loaded
from recognizers.data.sets import ClipListData, WorkCellData
from recognizers.data.synthetic import IDLE, WorkCell
from recognizers.data.track import PARTS, Sampling, Track
from recognizers.data.windows import even_windows
from recognizers.families import network_of
from recognizers.runtimes.answers import scores_of
from recognizers.train.teach import Teaching, plan_of, teach
from recognizers.train.validate import CLEAR, HOP_S, answers
from streamer.clock import SystemClock
from streamer.labels.keeping import Order, keep
from streamer.media.ring import PacketRing
from streamer.record.session import WATCHED_FOR_TIME
from streamer.sources.address import Address
from streamer.sources.libav import LibavSource
from streamer.sources.taps import Taps
from streamer.testing.feeds import PictureFeed
from streamer.testing.rtsp import RtspCamera

TAUGHT_GROUPS, PER_GROUP = 5, 2
OPERATORS, FPS, HEIGHT_PX = 5, 16, 240
MOST_S = 180.0
JUDGED_SEED, JUDGED, JUDGED_S = 9000, 6, 40.0


@dataclass(frozen=True, slots=True)
class Judged:
    """What a taught network said of clips of people it has not seen."""

    clips: int
    right: int
    """As it runs: what it abstains from is background."""
    right_of_actions: int
    """By the likeliest action."""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("what", choices=["ucf", "cell"])
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--by", choices=["pictures", "joints"], default="pictures")
    parser.add_argument("--clips", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="takt-teach-") as scratch:
        told = _measure(arguments, Path(scratch))
    print(json.dumps(told) if arguments.json else "\n".join(f"{name:24}{value}" for name, value in told.items()))


def _measure(arguments: argparse.Namespace, scratch: Path) -> dict[str, object]:
    if arguments.what == "ucf":
        taught, others = _parted(arguments.folder, scratch / "clips", arguments.clips)
    else:
        asyncio.run(_recorded(scratch / "clips", arguments.clips))
        taught, others = scratch / "clips", None
    out = scratch / "taught.safetensors"
    teaching = Teaching(taught, out, arguments.by, arguments.threads, arguments.seed)
    began_s, cpu_s = time.perf_counter(), time.process_time()
    lesson = teach(plan_of(teaching), _silent)
    took_s, cpu_s = time.perf_counter() - began_s, time.process_time() - cpu_s
    judged = _judge(out, others)
    return {
        "clips an action": arguments.clips,
        "minutes": round(took_s / 60, 1),
        "CPU minutes": round(cpu_s / 60, 1),
        "own report": f"{lesson.right} of {lesson.clips}",
        "of others": f"{judged.right} of {judged.clips} ({judged.right / judged.clips:.1%})",
        "of others, actions alone": f"{judged.right_of_actions / judged.clips:.1%}",
        "warnings": list(lesson.advice.warnings),
    }


def _silent(_what: str, _done: int, _of: int) -> None:
    pass


def _parted(folder: Path, taught: Path, clips: int) -> tuple[Path, Listing]:
    """A folder with some clips of the first groups, and all of the others."""
    listing = ClipListData(folder, (), 0).listing()
    groups = sorted({one.group for one in listing.recordings})[:TAUGHT_GROUPS]
    seen: Counter[tuple[str, str]] = Counter()
    rows = ["path,label,group"]
    taught.mkdir(parents=True)
    for one in listing.recordings:
        label = one.spans[0].label
        seen[label, one.group] += 1
        if one.group in groups and seen[label, one.group] <= -(-clips // TAUGHT_GROUPS):
            (taught / one.path.name).symlink_to(one.path.resolve())
            rows.append(f"{one.path.name},{label},{one.group}")
    (taught / "clips.csv").write_text("\n".join(rows))
    others = tuple(replace(one, split="test") for one in listing.recordings if one.group not in groups)
    return taught, replace(listing, recordings=others)


async def _recorded(folder: Path, clips: int) -> None:
    """Clips of each action and of the pauses, of several operators, two cameras at a time."""
    room = asyncio.Semaphore(2)

    async def one(seed: int) -> None:
        async with room:
            await _operator(folder, seed, -(-clips // OPERATORS))

    async with asyncio.TaskGroup() as operators:
        for seed in range(1, OPERATORS + 1):
            operators.create_task(one(seed))


async def _operator(folder: Path, seed: int, wanted: int) -> None:
    """Record one operator through a camera until each action was seen often enough."""
    clock, cell, kept = SystemClock(), WorkCell(seed, HEIGHT_PX), Counter[str]()
    feed = PictureFeed(cell.draw, FPS, clock)
    ring = PacketRing(20.0, 1 << 26)
    truth = [one for one in WorkCell(seed, HEIGHT_PX).truth(MOST_S)]
    async with RtspCamera(feed) as camera:
        source = LibavSource("cell", Address(camera.url), WATCHED_FOR_TIME, clock, taps=Taps(ring))
        async with aclosing(source.frames(1)) as frames:
            async for frame in frames:
                began_s = feed.began_at - (frame.captured_at - frame.media_s)
                while truth and truth[0].end_s + began_s < frame.media_s:
                    segment = truth.pop(0)
                    span, start_s = ring.span(), segment.start_s + began_s
                    if span is None or start_s < span.first_s or kept[segment.label] >= wanted:
                        continue
                    kept[segment.label] += 1
                    label = "" if segment.label == IDLE else segment.label
                    order = Order(
                        folder, f"cell-{seed}", "bench", label, f"operator {seed}", WHOLE_PICTURE, whole=False
                    )
                    end_s = segment.end_s + began_s
                    keep(order, ring.excerpt(1, start_s, end_s), segment.start_s, start_s, end_s)
                if not truth or (len(kept) == 7 and min(kept.values()) >= wanted):
                    return


def _judge(out: Path, others: Listing | None) -> Judged:
    card, tensors = load(out)
    network = network_of(card, tensors, str(out)).float()
    sampling = Sampling(2 / card.spec.interval_s, round(card.crop_px * 1.14))
    if others is None:
        data = WorkCellData(JUDGED_SEED, 0, JUDGED_S, JUDGED, 0).load(sampling, _silent, [PARTS[-1]])
        names = [card.background if label == IDLE else label for label in data.labels]
    else:
        data = loaded(others, sampling, _silent, [PARTS[-1]])
        names = list(data.labels)
    to_ours = np.array([card.labels.index(name) for name in names])
    tracks = [replace(one, labels=to_ours[one.labels]) for one in data.held_out]
    said = answers(network, tracks, card.spec, card.crop_px, len(card.labels), torch.device("cpu"))
    if others is None:
        return _counted(said.logits, said.truth, np.arange(len(said.truth)), card)
    return _counted(said.logits, said.truth, _films(tracks, card), card)


def _films(tracks: Sequence[Track], card: Card) -> np.ndarray:
    """Which film each answer is of."""
    spec, classes = card.spec, len(card.labels)
    counts = [sum(1 for _ in even_windows(one, classes, spec.frames, spec.interval_s, HOP_S, CLEAR)) for one in tracks]
    return np.repeat(np.arange(len(tracks)), counts)


def _counted(logits: torch.Tensor, truth: np.ndarray, film: np.ndarray, card: Card) -> Judged:
    scores, none = scores_of(logits, card).numpy(), card.labels.index(card.background)
    plain = torch.softmax(logits.float(), dim=1).numpy()
    plain[:, none] = 0
    films = np.unique(film)
    right = [int(scores[film == one].mean(axis=0).argmax() == truth[film == one][0]) for one in films]
    actions = [one for one in films if truth[film == one][0] != none]
    of_actions = [int(plain[film == one].mean(axis=0).argmax() == truth[film == one][0]) for one in actions]
    return Judged(len(films), sum(right), round(sum(of_actions) / max(1, len(actions)) * len(films)))


if __name__ == "__main__":
    main()
