"""SlowFast that follows a watch: every picture once, a state between clips, and nothing remembered over a break."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from recognizers.build import build_recognizer
from recognizers.clip import WHOLE_PICTURE, Clip, Region
from recognizers.errors import CheckpointMismatch
from recognizers.nn.pictureconv import PLAIN
from recognizers.nn.state import StreamState
from recognizers.prediction import Prediction
from recognizers.recognizer import Recognizer
from recognizers.runtimes.continual import ContinualRecognizer
from recognizers.runtimes.pushes import push_each
from recognizers.runtimes.streamed import StreamSlowFast
from tests.recognizers.networks import CAUSAL, TINY, card, random_slowfast, write_random
from tests.recognizers.pictures import pictures, plain_scores

HOP = 6
"""Pictures of a clip: half a second at 0.08 s."""


def continual(causal: bool = True) -> ContinualRecognizer:
    size = CAUSAL if causal else TINY
    return ContinualRecognizer(random_slowfast(size), card(size), threads=1)


def clip(number: int, seed: int = 0, stream: str = "cam") -> Clip:
    shown = tuple(pictures(HOP, 100 * seed + number))
    return Clip(stream, "bench", 1, number, 0.0, 1.0, 1000.0, 999.0, WHOLE_PICTURE, 1.0, shown)


def watched(recognizer: Recognizer, clips: list[Clip]) -> tuple[list[Prediction | None], object]:
    state, said = None, []
    for one in clips:
        ((prediction, state),) = recognizer.recognize([one], [state])
        said.append(prediction)
    return said, state


def test_it_asks_for_clips_of_a_hop_that_do_not_overlap_and_says_how_late_it_is() -> None:
    assert (continual().spec.continual, continual().spec.pictures, continual().spec.late) == (True, HOP, 0)
    # 2 in the stem, 1 + 2 in res2 and res3, 2 in the lateral connection, 2 slow convolutions of 4 pictures.
    assert continual(causal=False).spec.late == 2 + 3 + 2 + 2 * 4


def test_it_says_nothing_until_it_has_seen_a_window() -> None:
    said, _ = watched(continual(), [clip(n) for n in range(3)])
    assert [one is None for one in said] == [True, False, False]

    said, _ = watched(continual(causal=False), [clip(n) for n in range(5)])
    assert [one is None for one in said] == [True, True, True, False, False]


def test_a_clip_as_long_as_a_window_is_answered_as_the_plain_network_does() -> None:
    shown = pictures(CAUSAL.frames)
    (said,), _ = watched(continual(), [replace(clip(0), pictures=tuple(shown))])

    assert said is not None
    np.testing.assert_allclose(said.scores, plain_scores(random_slowfast(CAUSAL), card(CAUSAL), shown), atol=1e-5)


@pytest.mark.parametrize(
    "change", [{"epoch": 2}, {"index": 5}, {"region": Region(0, 0, 0.5, 1)}], ids=["epoch", "index", "region"]
)
def test_a_break_forgets(change: dict[str, object]) -> None:
    recognizer = continual()
    _, state = watched(recognizer, [clip(n) for n in range(3)])

    ((said, state),) = recognizer.recognize([replace(clip(3), **change)], [state])

    assert said is None
    assert state is not None
    assert state.stream.seen == (HOP,)


def test_streams_at_different_places_do_not_mix() -> None:
    """In one batch: one that begins, one that is warm, one that is not quite."""
    recognizer = continual()
    names = ("a", "b", "c")
    lengths = (0, 3, 1)
    before = [
        watched(recognizer, [clip(n, seed, name) for n in range(length)])[1]
        for seed, (name, length) in enumerate(zip(names, lengths, strict=True))
    ]
    shown = [clip(length, seed, name) for seed, (name, length) in enumerate(zip(names, lengths, strict=True))]

    together = recognizer.recognize(shown, before)

    for one, state, (said, _) in zip(shown, before, together, strict=True):
        ((alone, _),) = recognizer.recognize([one], [state])
        assert (alone is None) == (said is None) == (one.stream == "a")
        if alone is not None and said is not None:
            np.testing.assert_allclose(said.scores, alone.scores, atol=1e-6)


class Counting:
    """Says how many streams each push was of."""

    def __init__(self, stream: StreamSlowFast) -> None:
        self.stream = stream
        self.batches: list[int] = []

    def push(self, shown: Tensor, state: StreamState | None) -> tuple[Tensor, StreamState]:
        self.batches.append(len(shown))
        return self.stream.push(shown, state)


@torch.inference_mode()
def test_streams_at_the_same_place_go_together_where_that_saves_work() -> None:
    its = card(CAUSAL)
    stream = StreamSlowFast(random_slowfast(CAUSAL), its.mean, its.std, PLAIN)
    together, alone = Counting(stream), Counting(stream)
    states: list[StreamState | None] = [None, None, None]
    for _ in range(3):
        shown = [torch.randint(0, 256, (HOP, 3, its.crop_px, its.crop_px), dtype=torch.uint8) for _ in states]
        answers = push_each(together, shown, states, stream.place)
        for (said, state), (other, after) in zip(answers, push_each(alone, shown, states, None), strict=True):
            assert torch.allclose(said, other, atol=1e-5)
            assert (state.seen, state.shapes) == (after.seen, after.shapes)
        states = [state for _, state in answers]
        states[2] = None  # its camera breaks off each time

    assert together.batches == [3, 2, 1, 2, 1]
    assert alone.batches == [1] * 9


def test_a_network_that_looks_ahead_cannot_be_a_stream(tmp_path: Path) -> None:
    checkpoint = write_random(tmp_path / "random.safetensors")
    with pytest.raises(CheckpointMismatch, match="causal: true"):
        build_recognizer("slowfast", checkpoint, {"mode": "stream"})
    assert build_recognizer("slowfast", checkpoint, {"mode": "delayed"}).spec.late > 0


def test_auto_takes_what_is_faster(tmp_path: Path) -> None:
    checkpoint = write_random(tmp_path / "random.safetensors", CAUSAL)
    said = [
        watched(build_recognizer("slowfast", checkpoint, {"mode": "stream", "runtime": runtime}), [clip(0), clip(1)])[0]
        for runtime in ("torch", "auto")
    ]
    np.testing.assert_allclose(said[0][1].scores, said[1][1].scores, atol=1e-4)
