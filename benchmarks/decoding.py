"""Thresholds beside decoding: the same scores, turned into events in both ways.

usage: python -m benchmarks.decoding [--frames FILE] [--clips FOLDER] [--sessions 5] [--json]

Simulated sessions that no network was trained on, as they are and with pictures that are dark and noisy, are looked
at once by `bundled:cell` through the live path's own stages; so are films of FOLDER, which show none of its actions.
Each way makes events of those scores. With `--frames`, what a real recognizer said of each frame of some videos (the
format of `takt procedure evaluate --data frames:FILE`) is taken as scores, too: the share of each label in half a
second; each video gets, of all settings of a way, those that are best on the other videos.

Event F1: one to one, same action, starts at most 2 s apart. Delays: from a real start to its decision. Nothing here
depends on speed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recognizers.clip import Picture
from recognizers.data.synthetic import IDLE, WorkCell
from recognizers.metrics.events import Found, Happening, per_hour, percentile
from recognizers.metrics.segments import OVERLAPS, Video, edit_score, moment_accuracy, segment_f1
from recognizers.prediction import Prediction
from streamer.engine import LocalEngine
from streamer.event import Phase, Reason
from streamer.frame import Frame
from streamer.procedure.evaluation.frames import read
from streamer.segmenter import Decoding, EventRule, Segmenter
from streamer.sources.base import Demand
from streamer.stages import Watch
from streamer.trials.recording import STREAM, Recording, film
from streamer.trials.watch import watch_of
from streamer.trials.watching import Watched, hours, judged, watched

SESSION_S, FPS, FIRST_SEED, TOLERANCE_S = 60.0, 8, 9100, 2.0
TICK_S, RATE = 0.5, 30.0


@dataclass(frozen=True, slots=True)
class Way:
    """How events are made of scores."""

    name: str
    rule: EventRule
    decoding: Decoding | None = None


def cell_ways(tick_s: float) -> list[Way]:
    steady = EventRule(smooth_s=1.0, dwell_s=0.5, release_s=1.0, min_s=1.0, merge_s=1.0)
    return [
        Way("thresholds, as they are", EventRule()),
        Way("thresholds, min_s 1, merge_s 1", EventRule(min_s=1.0, merge_s=1.0)),
        Way("thresholds, steady", steady),
        *(Way(f"decoded, lag {lag:g} s", EventRule(), Decoding(tick_s, lag)) for lag in (0.5, 1.0, 2.0)),
    ]


def frame_ways() -> dict[str, list[Way]]:
    """Settings to choose from, by way."""
    thresholds = [
        Way("", EventRule(on=on, off=on * 0.6, smooth_s=smooth, release_s=wait, min_s=least, merge_s=least))
        for on, smooth, wait, least in product((0.4, 0.6), (1.0, 3.0, 8.0), (1.0, 4.0), (0.0, 3.0, 10.0))
    ]
    decoded = {
        f"decoded, lag {lag:g} s": [
            Way("", EventRule(min_s=least), Decoding(TICK_S, lag, typical, 1.0, looks))
            for typical, looks, least in product((10.0, 30.0), (0.2, 0.5, 1.0, 2.0), (0.0, 3.0, 10.0))
        ]
        for lag in (2.0, 5.0, 15.0)
    }
    return {"thresholds, as they are": [Way("", EventRule())], "thresholds, chosen": thresholds, **decoded}


def dim(picture: Picture, at_s: float) -> Picture:
    """A dark hall and a cheap camera."""
    noise = np.random.default_rng(round(at_s * 1000)).normal(0.0, 30.0, picture.shape)
    return np.clip(picture * 0.35 + noise, 0, 255).astype(np.uint8)


def session(seed: int, change: Callable[[Picture, float], Picture] | None) -> Recording:
    cell = WorkCell(seed)
    happened = tuple(
        Happening(one.label, one.start_s, min(one.end_s, SESSION_S))
        for one in cell.truth(SESSION_S)
        if one.label != IDLE
    )

    async def frames(demand: Demand, epoch: int) -> AsyncGenerator[Frame, None]:
        for index in range(round(SESSION_S * FPS)):
            at_s = index / FPS
            picture = cell.draw(at_s)
            yield Frame(STREAM, epoch, index, at_s, at_s, picture if change is None else change(picture, at_s))

    return Recording(str(seed), happened, frames)


async def looked(recordings: Sequence[Recording], watch: Watch, engine: LocalEngine) -> list[Watched]:
    found = []
    for number, one in enumerate(recordings, 1):
        found.append(await watched(one, watch, engine))
        print(f"looked at {number} of {len(recordings)}", file=sys.stderr)
    return found


def figures(some: Sequence[Watched], negatives: Sequence[Watched], watch: Watch, way: Way) -> dict[str, Any]:
    own = replace(watch, decoding=way.decoding)
    rules = {"default": way.rule}
    matches = judged(some, own, rules, TOLERANCE_S)
    orders = [(in_order(session.found(own, rules), watch), in_order(session.happened, watch)) for session in some]
    alarms = sum(len(one.found(own, rules)) for one in negatives)
    return {
        "way": way.name,
        "f1": round(100 * matches.f1, 1),
        "precision": round(100 * matches.precision, 1),
        "recall": round(100 * matches.recall, 1),
        "edit": round(100 * edit_score(orders, 0), 1),
        "delay_p50_s": round(percentile(matches.delays_s, 0.5), 2),
        "delay_p95_s": round(percentile(matches.delays_s, 0.95), 2),
        "wrong_per_hour": round(per_hour(len(matches.false), hours(some)), 1),
        "alarms_per_hour": round(per_hour(alarms, hours(negatives)), 1) if negatives else None,
    }


def in_order(some: Sequence[Found] | Sequence[Happening], watch: Watch) -> list[int]:
    """Labels with a pause after each."""
    return [place for one in some for place in (1 + watch.labels.index(one.action), 0)]


async def cell(sessions: int, films: Sequence[Recording]) -> dict[str, list[dict[str, Any]]]:
    watch, recognizer = watch_of("bundled:cell", "slowfast", threads=1)
    watch = replace(watch, thresholds={})
    seeds = range(FIRST_SEED, FIRST_SEED + sessions)
    async with LocalEngine(watch.recognizer, recognizer) as engine:
        negatives = await looked(films, watch, engine)
        plain = await looked([session(seed, None) for seed in seeds], watch, engine)
        dark = await looked([session(seed, dim) for seed in seeds], watch, engine)
    ways = cell_ways(watch.spec.hop_s)
    return {
        "cell": [figures(plain, negatives, watch, way) for way in ways],
        "cell, dark and noisy": [figures(dark, negatives, watch, way) for way in ways],
    }


def spoken(said: NDArray[np.int64], labels: int) -> list[Prediction]:
    """Of each half second, the share of each label; the background, 0, is never said."""
    frames = round(RATE * TICK_S)
    found = []
    for n in range(len(said) // frames):
        shares = np.bincount(said[n * frames : (n + 1) * frames] + 1, minlength=labels + 1) / frames
        end = (n + 1) * TICK_S
        found.append(Prediction("video", "said", 1, n, end - TICK_S, end, end, 0.0, shares.astype(np.float32)))
    return found


def told(said: NDArray[np.int64], labels: int, way: Way) -> tuple[NDArray[np.int64], list[float]]:
    """Which label goes on in each frame, by the events (−1: none), and how late starts were decided."""
    names = ("nothing", *map(str, range(labels)))
    segmenter = Segmenter(names, "nothing", {"default": way.rule}, decoding=way.decoding)
    events = [event for one in spoken(said, labels) for event in segmenter.observe(one)]
    events += segmenter.close(Reason.SOURCE_ENDED)
    frames = np.full(len(said), -1, np.int64)
    for event in events:
        if event.phase is Phase.ENDED:
            frames[round(event.started_at * RATE) : round(event.at * RATE)] = int(event.action)
    return frames, [event.decided_at - event.at for event in events if event.phase is Phase.STARTED]


def worth(videos: Sequence[Video]) -> float:
    return segment_f1(videos, -1, OVERLAPS[0]) + edit_score(videos, -1) + moment_accuracy(videos)


def frames(file: Path) -> list[dict[str, Any]]:
    videos = read(file)
    labels = 1 + max(int(max(said.max(), true.max())) for said, true in videos)
    rows = [{"way": "the frames as they are", **of_frames(videos), "lateness_p50_s": 0.0, "lateness_p95_s": 0.0}]
    for name, ways in frame_ways().items():
        tried = [[told(said, labels, way) for said, _ in videos] for way in ways]
        chosen: list[Video] = []
        late: list[float] = []
        for n, (_, true) in enumerate(videos):
            best = max(range(len(ways)), key=[worth(_others(one, videos, n)) for one in tried].__getitem__)
            chosen.append((tried[best][n][0], true))
            late += tried[best][n][1]
        p50, p95 = (round(percentile(late, share), 2) for share in (0.5, 0.95))
        rows.append({"way": name, **of_frames(chosen), "lateness_p50_s": p50, "lateness_p95_s": p95})
        print(rows[-1], file=sys.stderr)
    return rows


def _others(tried: Sequence[Any], videos: Sequence[Video], but: int) -> list[Video]:
    return [(said, true) for n, ((said, _), (_, true)) in enumerate(zip(tried, videos, strict=True)) if n != but]


def of_frames(videos: Sequence[Video]) -> dict[str, float]:
    scores = {f"f1_{overlap * 100:g}": segment_f1(videos, -1, overlap) for overlap in OVERLAPS}
    every = {"accuracy": moment_accuracy(videos), **scores, "edit": edit_score(videos, -1)}
    return {name: round(100 * value, 1) for name, value in every.items()}


def main() -> None:
    command = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command.add_argument("--frames", type=Path)
    command.add_argument("--clips", type=Path)
    command.add_argument("--sessions", type=int, default=5)
    command.add_argument("--json", action="store_true")
    given = command.parse_args()
    films = [film(path) for path in sorted(given.clips.glob("*.mp4"))] if given.clips is not None else []
    tables = asyncio.run(cell(given.sessions, films)) if given.sessions else {}
    if given.frames is not None:
        tables["frames"] = frames(given.frames)
    if given.json:
        print(json.dumps(tables))
        return
    for name, rows in tables.items():
        print(f"\n{name}\n" + " | ".join(rows[0]))
        for row in rows:
            print(" | ".join(str(value) for value in row.values()))


if __name__ == "__main__":
    main()
