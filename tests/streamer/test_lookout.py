"""Whether pictures show anything: a camera that is frozen, dark or blocked is told, one that sees is left alone."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from recognizers.clip import Picture
from recognizers.data.synthetic import WorkCell
from recognizers.data.video import pictures
from streamer.frame import Blind
from streamer.lookout import Lookout, LookoutOptions, textured

CLIPS = Path(__file__).parents[3] / "shared" / "data" / "clips"
CELL = WorkCell(3, 240)
FPS = 8
rng = np.random.default_rng(0)


def noisy(picture: Picture, levels: float) -> Picture:
    noise = rng.normal(0, levels, picture.shape)
    return np.clip(np.round(picture + noise), 0, 255).astype(np.uint8)


def coded(draw: Callable[[float], Picture], seconds: float, bit_rate: int = 1_500_000) -> list[Picture]:
    """Two pictures a second at analysis size, as they come out of a camera's encoder."""
    encoder, decoder = av.VideoCodecContext.create("libx264", "w"), av.VideoCodecContext.create("h264", "r")
    encoder.height, encoder.width, encoder.pix_fmt = 240, 320, "yuv420p"
    encoder.bit_rate, encoder.time_base, encoder.thread_count = bit_rate, Fraction(1, FPS), 1
    encoder.options = {"preset": "ultrafast", "tune": "zerolatency", "g": str(2 * FPS)}
    found: list[Picture] = []
    for n in range(round(seconds * FPS)):
        frame = av.VideoFrame.from_ndarray(draw(n / FPS), format="rgb24")
        frame.pts = n
        for packet in encoder.encode(frame):
            for picture in decoder.decode(packet):
                if n % (FPS // 2) == 0:
                    small = picture.reformat(width=150, height=112, format="rgb24", interpolation="AREA")
                    found.append(small.to_ndarray())
    return found


def looked(shown: list[Picture], options: LookoutOptions | None = None) -> list[tuple[float, Blind | None]]:
    """What is said, each time that it changes."""
    lookout, told, before = Lookout(options or LookoutOptions()), [], None
    for n, picture in enumerate(shown):
        blind = lookout.look(n / 2, picture)
        if blind != before:
            told.append((n / 2, blind))
        before = blind
    return told


def covered(_: float) -> Picture:
    """A palm before the lens: brighter in the middle, nothing to be made out."""
    across, down = np.meshgrid(np.linspace(-1, 1, 320), np.linspace(-1, 1, 240))
    levels = 120 - 60 * (across**2 + down**2) / 2
    return noisy(np.repeat(levels[..., None], 3, 2).astype(np.uint8), 2)


@pytest.mark.parametrize("bit_rate", [200_000, 400_000, 1_500_000])
def test_a_frozen_picture_is_told_within_half_a_minute_and_back_dated_to_when_it_froze(bit_rate: int) -> None:
    still = CELL.draw(8.0)
    told = looked(coded(lambda at: CELL.draw(at) if at < 8 else still, 30, bit_rate))
    told_at, blind = told[-1]
    assert blind is not None
    assert (blind.reason, blind.lasting) == ("frozen", True)
    assert blind.since_s == pytest.approx(8, abs=2.5)
    assert told_at < 8 + 20
    assert all(at >= 8 for at, _ in told)


@pytest.mark.parametrize(("levels", "bit_rate"), [(0.5, 200_000), (1, 1_500_000), (2, 400_000)])
def test_a_still_bench_is_not_frozen_as_long_as_the_camera_has_a_little_noise(levels: float, bit_rate: int) -> None:
    still = CELL.draw(5.0)
    told = looked(coded(lambda _: noisy(still, levels), 25, bit_rate))
    assert not any(blind.lasting for _, blind in told if blind is not None)


def test_a_picture_that_stands_still_for_less_is_not_believed_and_not_told() -> None:
    still = CELL.draw(4.0)
    told = looked(coded(lambda at: still if 4 <= at < 9 else CELL.draw(at), 14))
    (doubted_at, doubted), (_, none) = told
    assert doubted == Blind("frozen", 4.0, lasting=False)
    assert 6.0 <= doubted_at <= 8.0
    assert none is None


def test_dark_and_blocked_pictures_are_told_after_a_second_and_over_after_half_of_one() -> None:
    for reason, draw in (
        ("dark", lambda at: noisy(CELL.draw(at) // 20, 2)),
        ("dark", lambda _: noisy(np.zeros((240, 320, 3), np.uint8), 3)),
        ("blocked", covered),
    ):
        shown = coded(lambda at, draw=draw: draw(at) if 5 <= at < 9 else CELL.draw(at), 12)  # type: ignore[misc]
        (first_at, first), (told_at, blind), (over_at, none) = looked(shown)
        assert (first, blind, none) == (Blind(reason, 5.0, lasting=False), Blind(reason, 5.0), None)
        assert first_at == 5.0
        assert told_at == pytest.approx(6.0, abs=0.5)
        assert over_at == pytest.approx(9.5, abs=0.5)


def test_a_flash_of_darkness_is_not_told() -> None:
    black = np.zeros((112, 150, 3), np.uint8)
    shown = [CELL.draw(n / 2)[::2, ::2] if n % 8 else black for n in range(60)]
    assert {blind.lasting for _, blind in looked(shown) if blind is not None} == {False}


def test_who_switches_a_reason_off_is_not_told_of_it() -> None:
    options = LookoutOptions(frozen_s=0, dark_below=0, blocked_below=0)
    assert looked([np.zeros((112, 150, 3), np.uint8)] * 100, options) == []


def test_one_reason_after_the_other_is_one_time_without_sight() -> None:
    black = coded(lambda at: np.zeros((240, 320, 3), np.uint8) if at >= 5 else CELL.draw(at), 20)
    told = looked(black)
    assert [blind.reason for _, blind in told if blind is not None] == ["dark", "dark", "frozen", "frozen"]
    assert {blind.since_s for _, blind in told if blind is not None} == {5.0}


def test_pictures_that_are_too_small_to_tell_are_not_blocked() -> None:
    assert textured(np.zeros((8, 8), np.uint8)) == 1.0


@pytest.mark.skipif(not CLIPS.is_dir(), reason="real scenes are not here")
@pytest.mark.parametrize("name", ["people_walking_cctv", "corridor_one_by_one", "bottles", "arm_wrestling", "dancer"])
def test_real_scenes_are_seen(name: str) -> None:
    assert looked(list(pictures(CLIPS / f"{name}.mp4", 2.0, 112))) == []
