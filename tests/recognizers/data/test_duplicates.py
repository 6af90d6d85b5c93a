"""Laws of near-duplicates: what was encoded anew is found, what only looks alike is not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from recognizers.data.duplicates import Look, look_of, near_duplicates
from streamer.testing.film import write_film
from tests.recognizers.data.datasets import shown

FPS = 10


def written(path: Path, pictures: list[np.ndarray], bit_rate: int = 1_500_000) -> Look:
    return look_of(write_film(path, pictures, FPS, bit_rate))


@pytest.fixture(scope="module")
def original() -> list[np.ndarray]:
    return shown(4.0, seed=1, width=128, height=96)


@pytest.fixture(scope="module")
def look(original: list[np.ndarray], tmp_path_factory: pytest.TempPathFactory) -> Look:
    return written(tmp_path_factory.mktemp("films") / "film.mp4", original)


def same(one: Look, other: Look) -> bool:
    return bool(list(near_duplicates([one], [other])))


def brighter(picture: np.ndarray) -> np.ndarray:
    return np.clip(picture.astype(int) * 1.1 + 15, 0, 255).astype(np.uint8)


VARIANTS = {
    "as it is": lambda pictures: pictures,
    "at half the size": lambda pictures: [picture[::2, ::2] for picture in pictures],
    "brighter": lambda pictures: [brighter(picture) for picture in pictures],
    "without its first half second": lambda pictures: pictures[5:],
    "after a black second": lambda pictures: [np.zeros_like(pictures[0])] * 10 + pictures,
}


@pytest.mark.parametrize("name", VARIANTS)
def test_the_same_is_found(tmp_path: Path, original: list[np.ndarray], look: Look, name: str) -> None:
    other = written(tmp_path / "other.mp4", VARIANTS[name](original), bit_rate=150_000)
    assert same(look, other)
    assert same(other, look)


def test_another_scene_is_another(tmp_path: Path, look: Look) -> None:
    others = [written(tmp_path / f"{seed}.mp4", shown(4.0, seed, width=128, height=96)) for seed in range(2, 12)]
    assert not list(near_duplicates([look], others))


def test_another_action_before_the_same_camera_is_another(
    tmp_path: Path, original: list[np.ndarray], look: Look
) -> None:
    ground = np.median(np.stack(original), axis=0).astype(np.uint8)
    acts = []
    for number in range(len(original)):
        picture = ground.copy()
        top = (2 * number) % (96 - 24)
        picture[top : top + 24, 100:124] = 10
        acts.append(picture)
    assert not same(look, written(tmp_path / "other.mp4", acts))


def test_videos_in_which_nothing_moves_are_compared_by_what_they_show(tmp_path: Path) -> None:
    stills = [written(tmp_path / f"{seed}.mp4", shown(0.1, seed) * 20) for seed in (1, 1, 2)]
    assert [(a, b) for a, b, _ in near_duplicates(stills[:1], stills[1:])] == [(0, 0)]


def test_nobody_is_like_nothing(look: Look) -> None:
    assert not list(near_duplicates([], [look]))
    assert not list(near_duplicates([look], []))
