"""Films made of coded pictures: the same pictures at the same times, not coded anew."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from recognizers.data.video import pictures
from streamer.errors import ClipUnwritable
from streamer.media.mp4 import Copier, decoding_times, mp4, parameter_sets, shown_times
from streamer.media.packets import CodedPicture, Excerpt
from streamer.testing.film import moving_square, write_film
from tests.streamer.media.excerpts import shuffled_times, taken

CODERS = {
    "h264": {},
    "h264 with B-frames": {"tune": "animation", "bf": "2"},
    "hevc": {"codec": "libx265", "x265-params": "log-level=none"},
}


def film(folder: Path, coder: str) -> Path:
    return write_film(folder / "film.mp4", moving_square(3, 25, 160, 96), 25, **CODERS[coder])  # type: ignore[arg-type]


def rewritten(excerpt: Excerpt, path: Path) -> Excerpt:
    path.write_bytes(mp4(excerpt))
    return taken(path)


@pytest.mark.parametrize("coder", CODERS)
def test_pictures_come_back_byte_for_byte_at_their_times(coder: str, tmp_path: Path) -> None:
    original = taken(film(tmp_path, coder))
    again = rewritten(shuffled_times(original, 987_654), tmp_path / "again.mp4")
    unit_before, unit_after = original.coding.time_base, again.coding.time_base
    first = min(one.pts for one in original.pictures)
    assert [one.data for one in again.pictures] == [one.data for one in original.pictures]
    assert [one.is_key for one in again.pictures] == [one.is_key for one in original.pictures]
    assert [one.pts * unit_after for one in again.pictures] == [
        (one.pts - first) * unit_before for one in original.pictures
    ]
    assert len(list(pictures(tmp_path / "again.mp4", 25, 96))) == 75


@pytest.mark.parametrize("coder", CODERS)
def test_times_of_decoding_that_are_missing_are_found(coder: str, tmp_path: Path) -> None:
    original = taken(film(tmp_path, coder))
    untold = replace(original, pictures=tuple(replace(one, dts=None) for one in original.pictures))
    rewritten(untold, tmp_path / "again.mp4")
    shown = list(pictures(tmp_path / "again.mp4", 25, 96))
    assert len(shown) == 75
    expected = list(pictures(tmp_path / "film.mp4", 25, 96))
    assert all(np.array_equal(one, other) for one, other in zip(shown, expected, strict=True))


def test_what_a_camera_does_not_announce_is_read_off_its_key_frame(tmp_path: Path) -> None:
    """Annex B, as over RTSP: parameter sets stand before the key frame."""
    path = write_film(tmp_path / "film.ts", moving_square(2, 25, 160, 96), 25)
    excerpt = taken(path)
    template = excerpt.coding.template
    assert isinstance(template, av.VideoStream)
    sets = parameter_sets("h264", excerpt.pictures[0].data)
    assert [unit[0] & 0x1F for unit in sets.split(b"\0\0\0\1")[1:]] == [7, 8]
    template.codec_context.extradata = b""
    rewritten(excerpt, tmp_path / "again.mp4")
    assert len(list(pictures(tmp_path / "again.mp4", 25, 96))) == 50


def test_pictures_that_no_mp4_holds_are_refused_with_what_would_do(tmp_path: Path) -> None:
    path = tmp_path / "film.webm"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libvpx", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        container.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")))
        container.mux(stream.encode(None))
    with pytest.raises(ClipUnwritable, match=r"vp8 .* set the camera to H\.264"):
        mp4(taken(path))


def test_a_picture_without_a_time_is_shown_just_before_the_next(tmp_path: Path) -> None:
    with av.open(str(film(tmp_path, "h264"))) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
    copier, unit_s = Copier(float(packets[0].time_base)), float(packets[0].time_base)
    first, second, third, fourth = packets[:4]
    first.pts = third.pts = None
    assert copier.copied(first) == []
    early, timed = copier.copied(second)
    assert (early.data, early.is_key) == (bytes(first), True)
    assert (timed.pts - early.pts) * unit_s == pytest.approx(0.04)
    assert copier.copied(third) == []
    between, last = copier.copied(fourth)
    assert timed.pts < between.pts < last.pts


@pytest.mark.parametrize("pictures", [1, 75, 750])
def test_the_index_comes_first_so_that_a_browser_plays_what_is_still_coming(pictures: int, tmp_path: Path) -> None:
    whole = taken(write_film(tmp_path / "film.mp4", moving_square(30, 25, 64, 48), 25, bf="2", tune="animation"))
    coded = mp4(replace(whole, pictures=whole.pictures[:pictures]), comment='{"what": "pick"}')
    assert coded.index(b"moov") < coded.index(b"mdat")
    assert len(coded) < sum(len(one.data) for one in whole.pictures[:pictures]) + 64 * pictures + 10_000
    (tmp_path / "again.mp4").write_bytes(coded)
    assert len(taken(tmp_path / "again.mp4").pictures) == pictures
    with av.open(str(tmp_path / "again.mp4")) as container:
        assert container.metadata["comment"] == '{"what": "pick"}'


def test_shown_times_count_from_the_earliest_and_are_all_different() -> None:
    assert shown_times([107, 100, 103, 110]) == [7, 0, 3, 10]
    assert shown_times([100, 100, 100, 104]) == [0, 1, 2, 4]


def test_decoding_times_grow_and_are_never_after_showing() -> None:
    order = [0, 6, 2, 4, 12, 8, 10]
    coded = [CodedPicture(b"", at, None, at == 0) for at in order]
    times = decoding_times(coded, order)
    assert all(a < b for a, b in pairwise(times))
    assert all(dts <= pts for dts, pts in zip(times, order, strict=True))
    lying = [replace(one, dts=0) for one in coded]
    assert decoding_times(lying, order) == times
    right = [replace(one, dts=n * 2 - 4) for n, one in enumerate(coded)]
    assert decoding_times(right, order) == [-4, -2, 0, 2, 4, 6, 8]
