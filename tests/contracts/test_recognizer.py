"""The law of `Recognizer`, over every recognizer there is. A new one joins with an entry in `RECOGNIZERS`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from recognizers.build import build_recognizer
from recognizers.card import Abstain
from recognizers.clip import WHOLE_PICTURE, Clip, Region
from recognizers.models.streams import TwoStreamSize
from recognizers.prediction import Prediction
from recognizers.recognizer import Recognizer
from recognizers.runtimes.answers import own_device
from recognizers.runtimes.averaged import AveragedRecognizer
from recognizers.runtimes.fastest import TOLERANCE
from streamer.testing.estimators import BrightActors, BrightPoses
from streamer.testing.recognizers import CountingRecognizer
from tests.recognizers import two_streams
from tests.recognizers.clip_networks import write_clip_network
from tests.recognizers.networks import CAUSAL, write_random, write_random_actors
from tests.recognizers.pictures import CRNN, LSTM, SINGLE_FRAME, write
from tests.recognizers.skeletons import write_random_san
from tests.recognizers.videos import write_video


def built_two_stream(folder: Path, size: TwoStreamSize) -> Recognizer:
    return build_recognizer("two_stream", write(folder / "random.safetensors", "two_stream", size), {})


RECOGNIZERS: dict[str, Callable[[Path], Recognizer]] = {
    "slowfast": lambda folder: build_recognizer("slowfast", write_random(folder / "random.safetensors"), {}),
    "slowfast by OpenVINO": lambda folder: build_recognizer(
        "slowfast", write_random(folder / "random.safetensors"), {"runtime": "openvino"}
    ),
    "slowfast of several labels": lambda folder: build_recognizer(
        "slowfast", write_random(folder / "random.safetensors", multilabel=True), {}
    ),
    "slowfast as a stream": lambda folder: build_recognizer(
        "slowfast", write_random(folder / "random.safetensors", CAUSAL), {"mode": "stream"}
    ),
    "slowfast as a stream by OpenVINO": lambda folder: build_recognizer(
        "slowfast", write_random(folder / "random.safetensors", CAUSAL), {"mode": "stream", "runtime": "openvino"}
    ),
    "slowfast delayed": lambda folder: build_recognizer(
        "slowfast", write_random(folder / "random.safetensors"), {"mode": "delayed", "hop_s": 0.96}
    ),
    "slowfast_actors": lambda folder: build_recognizer(
        "slowfast_actors", write_random_actors(folder / "random.safetensors"), {"actors": BrightActors()}
    ),
    "x3d": lambda folder: build_recognizer("x3d", write_clip_network(folder / "random.safetensors", "x3d")[0], {}),
    "i3d by OpenVINO": lambda folder: build_recognizer(
        "i3d", write_clip_network(folder / "random.safetensors", "i3d")[0], {"runtime": "openvino"}
    ),
    "single_frame": lambda folder: build_recognizer(
        "single_frame", write(folder / "random.safetensors", "single_frame", SINGLE_FRAME), {}
    ),
    **{f"two_stream {name}": partial(built_two_stream, size=size) for name, size in two_streams.SIZES.items()},
    "crnn": lambda folder: build_recognizer("crnn", write(folder / "random.safetensors", "crnn", CRNN), {}),
    "crnn carried": lambda folder: build_recognizer(
        "crnn", write(folder / "random.safetensors", "crnn", LSTM), {"state": "carried"}
    ),
    "averaged": lambda folder: build_recognizer(
        "single_frame", write(folder / "random.safetensors", "single_frame", SINGLE_FRAME), {"average_clips": 2}
    ),
    "averaged over a state": lambda _: AveragedRecognizer(CountingRecognizer(warm_up=1), 2),
    "san": lambda folder: build_recognizer(
        "san", write_random_san(folder / "random.safetensors"), {"poses": BrightPoses()}
    ),
    "huggingface": lambda folder: build_recognizer("huggingface", write_video(folder), {}),
    "abstaining": lambda folder: build_recognizer(
        "slowfast", write_random(folder / "random.safetensors"), {"abstain": Abstain("max_logit", 0.3)}
    ),
    "counting": lambda _: CountingRecognizer(warm_up=1),
}
EQUAL = 1e-5 if own_device().type == "cpu" else TOLERANCE
"""How far equal scores may lie apart. A GPU's libraries choose other kernels for other sizes of a batch."""
CLIPS = 3
"""Clips of a film; every recognizer is warm before the last."""


@pytest.fixture(scope="module", params=RECOGNIZERS)
def recognizer(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Recognizer:
    return RECOGNIZERS[request.param](tmp_path_factory.mktemp(request.param))


def film(recognizer: Recognizer, stream: str, seed: int, epoch: int = 1, first: int = 0) -> list[Clip]:
    """Consecutive clips of a stream, of pictures that cannot be written to; each seed has a camera size of its own."""
    spec, rng = recognizer.spec, np.random.default_rng(seed)
    size = (spec.short_side_px + 2 * seed, spec.short_side_px + 7, 3)
    clips = []
    for index in range(first, first + CLIPS):
        pictures = tuple(rng.integers(0, 256, size, np.uint8) for _ in range(spec.pictures))
        for picture in pictures:
            picture.setflags(write=False)
        start = index * spec.hop_s
        end = start + spec.span_s
        clips.append(Clip(stream, "bench", epoch, index, start, end, 1000 + end, 1000, WHOLE_PICTURE, 1.0, pictures))
    return clips


def watch(recognizer: Recognizer, *films: Sequence[Clip]) -> list[list[Prediction | None]]:
    """Show films side by side, a batch holding one clip of each; the answers to each film's clips."""
    states: list[object] = [None] * len(films)
    shown: list[list[Prediction | None]] = [[] for _ in films]
    for clips in zip(*films, strict=True):
        answers = recognizer.recognize(clips, states)
        states = [state for _, state in answers]
        for predictions, (prediction, _) in zip(shown, answers, strict=True):
            predictions.append(prediction)
    return shown


def assert_same(one: Sequence[Prediction | None], other: Sequence[Prediction | None]) -> None:
    assert [answer is None for answer in one] == [answer is None for answer in other]
    assert one[-1] is not None
    for a, b in zip(one, other, strict=True):
        if a is not None and b is not None:
            np.testing.assert_allclose(a.scores, b.scores, atol=EQUAL)
            assert (a.actors is None) == (b.actors is None)
            if a.actors is not None and b.actors is not None:
                np.testing.assert_allclose(a.actors.boxes, b.actors.boxes, atol=1e-6)
                np.testing.assert_allclose(a.actors.scores, b.actors.scores, atol=EQUAL)


def test_it_says_what_it_wants_and_what_it_can_say(recognizer: Recognizer) -> None:
    assert isinstance(recognizer, Recognizer)
    assert recognizer.background in recognizer.labels
    assert len(set(recognizer.labels)) == len(recognizer.labels) >= 2


def test_nothing_asked_is_nothing_answered(recognizer: Recognizer) -> None:
    assert recognizer.recognize([], []) == []


def test_one_answer_per_clip_in_their_order_with_their_header(recognizer: Recognizer) -> None:
    films = [film(recognizer, stream, seed) for seed, stream in enumerate("cab")]

    answers = [answers[-1] for answers in watch(recognizer, *films)]

    header = ("stream", "watch", "epoch", "index", "start", "end", "captured_at", "zero_at")
    assert [[getattr(answer, name) for name in header] for answer in answers] == [
        [getattr(clips[-1], name) for name in header] for clips in films
    ]


def test_scores_are_shares_of_one_or_each_a_share_in_the_order_of_the_labels(recognizer: Recognizer) -> None:
    for *_, answer in watch(recognizer, film(recognizer, "a", 0), film(recognizer, "b", 1)):
        assert answer is not None
        assert answer.scores.dtype == np.float32
        assert answer.scores.shape == (len(recognizer.labels),)
        assert answer.scores.min() >= 0
        assert answer.scores.max() <= 1
        if answer.exclusive:
            assert answer.scores.sum() == pytest.approx(1, abs=1e-5)


def test_a_batch_of_n_equals_n_batches_of_one_and_streams_do_not_mix(recognizer: Recognizer) -> None:
    films = [film(recognizer, stream, seed) for seed, stream in enumerate("abc")]

    for together, clips in zip(watch(recognizer, *films), films, strict=True):
        (alone,) = watch(recognizer, clips)
        assert_same(together, alone)


def test_the_same_clip_and_state_get_the_same_answer(recognizer: Recognizer) -> None:
    before, clip, _ = film(recognizer, "a", 3)
    ((_, state),) = recognizer.recognize([before], [None])

    ((once, _),), ((again, _),) = (recognizer.recognize([clip], [state]) for _ in range(2))

    assert_same([once], [again])


@pytest.mark.parametrize(("epoch", "first"), [(2, 0), (2, CLIPS), (1, CLIPS + 4)], ids=["restart", "epoch", "gap"])
def test_a_jump_forgets_what_was(recognizer: Recognizer, epoch: int, first: int) -> None:
    begun, goes_on = film(recognizer, "a", 4), film(recognizer, "a", 5, epoch, first)

    (answers,) = watch(recognizer, [*begun, *goes_on])
    (afresh,) = watch(recognizer, goes_on)

    assert_same(answers[CLIPS:], afresh)


def test_nothing_outside_the_region_is_seen(recognizer: Recognizer) -> None:
    region = Region(0.25, 0.25, 0.75, 1.0)
    seen = [replace(clip, region=region) for clip in film(recognizer, "a", 6)]
    blackened = [
        replace(clip, pictures=tuple(black_outside(picture, region) for picture in clip.pictures)) for clip in seen
    ]

    for one, other in zip(watch(recognizer, seen), watch(recognizer, blackened), strict=True):
        assert_same(one, other)


def black_outside(picture: NDArray[np.uint8], region: Region) -> NDArray[np.uint8]:
    height, width = picture.shape[:2]
    inside = np.zeros_like(picture)
    rows, columns = (
        slice(int(region.top * height), height),
        slice(int(region.left * width), round(region.right * width)),
    )
    inside[rows, columns] = picture[rows, columns]
    return inside
