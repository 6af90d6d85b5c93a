"""What becomes of an order: a clip or a picture, with everything hidden that must not be seen."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest

from recognizers.clip import Picture, Region
from streamer.errors import ClipUnwritable
from streamer.event import Actor, Phase, StepEvent, Verdict
from streamer.evidence.developing import Here
from streamer.evidence.drawing import drawing_of, drawn
from streamer.evidence.lettering import written
from streamer.evidence.orders import ClipOrder, SnapshotOrder
from streamer.evidence.privacy import Privacy
from streamer.media.decoding import coded_of, decoded
from streamer.media.jpeg import jpeg
from streamer.media.packets import Excerpt
from streamer.testing.film import moving_square
from streamer.testing.messages import action_event
from tests.streamer.evidence.benches import REGION, SHOWS_ALL
from tests.streamer.media.excerpts import taken

MASK = ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))
HIDES = Privacy(masks=(MASK,))


def order(film: Excerpt, privacy: Privacy = SHOWS_ALL) -> ClipOrder:
    event = action_event()
    return ClipOrder(event, film, event.at - 1, (event.at - 1, event.at + 18.96), privacy)


def shown(content: bytes) -> list[tuple[float, Picture]]:
    with av.open(io.BytesIO(content)) as container:
        return [(frame.time, frame.to_ndarray(format="rgb24")) for frame in container.decode(video=0)]


def test_a_clip_is_the_cameras_own_where_nothing_is_to_be_hidden(film: Excerpt, tmp_path: Path) -> None:
    (tmp_path / "clip.mp4").write_bytes(order(film).content(Here()))
    assert [one.data for one in taken(tmp_path / "clip.mp4").pictures] == [one.data for one in film.pictures]


def test_a_clip_with_a_mask_has_the_same_pictures_at_the_same_times_and_not_one_of_the_cameras_packets(
    film: Excerpt,
) -> None:
    content = order(film, HIDES).content(Here())
    pictures, original = shown(content), list(decoded(coded_of(film)))
    assert [at_s for at_s, _ in pictures] == pytest.approx([at_s for at_s, _ in original], abs=0.001)
    for (_, hidden), (_, seen) in zip(pictures, original, strict=True):
        assert hidden[:, :80].max() < 8, "black, as far as a coder keeps it"
        assert np.abs(hidden[:, 88:].astype(int) - seen[:, 88:]).mean() < 6
    assert not [one for one in film.pictures if one.data in content]
    with av.open(io.BytesIO(content)) as container:
        assert json.loads(container.metadata["comment"])["complete"] is True
    assert content.index(b"moov") < content.index(b"mdat")


def test_what_no_browser_plays_is_coded_anew(tmp_path: Path) -> None:
    """Pictures of odd sides, too."""
    path = tmp_path / "film.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mjpeg", rate=10)
        stream.width, stream.height, stream.pix_fmt = 65, 49, "yuvj420p"
        for picture in moving_square(1, 10, 65, 49):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    content = order(taken(path)).content(Here())
    with av.open(io.BytesIO(content)) as container:
        assert container.streams.video[0].codec_context.name == "h264"
    assert [at_s for at_s, _ in shown(content)] == pytest.approx([number / 10 for number in range(10)], abs=0.002)


def test_what_cannot_be_decoded_gives_no_film(film: Excerpt) -> None:
    broken = replace(film, pictures=tuple(replace(one, data=b"\0" * 100) for one in film.pictures[:3]))
    with pytest.raises(ClipUnwritable, match="none of the pictures"):
        order(broken, HIDES).content(Here())
    with pytest.raises(ClipUnwritable, match="none of the pictures"):
        SnapshotOrder(action_event(), REGION, broken, SHOWS_ALL).content(Here())


def picture_of(content: bytes) -> Picture:
    with av.open(io.BytesIO(content)) as container:
        (frame,) = container.decode(video=0)
        return frame.to_ndarray(format="rgb24")  # type: ignore[no-any-return]


def test_a_snapshot_is_the_last_picture_at_the_cameras_size(film: Excerpt) -> None:
    until = replace(film, pictures=film.pictures[:40])
    seen = picture_of(SnapshotOrder(action_event(), REGION, until, SHOWS_ALL).content(Here()))
    *_, (_, last) = decoded(coded_of(until))
    assert seen.shape == last.shape == (96, 160, 3)
    inside = (slice(40, 68), slice(50, 110))  # within the region, below the text
    assert np.abs(seen[inside].astype(int) - last[inside]).mean() < 6


def test_a_snapshot_hides_before_anything_is_drawn() -> None:
    white = np.full((360, 640, 3), 255, np.uint8)
    seen = picture_of(SnapshotOrder(action_event(), Region(0.1, 0.3, 0.9, 0.9), white, HIDES).content(Here()))
    assert seen[130:300, 80:300].max() < 8
    assert seen[130:300, 340:560].min() > 247
    assert seen[180, 64, 0] > 180, "the region is drawn on the mask"


def test_region_and_actor_are_drawn_where_they_are() -> None:
    grey = np.full((240, 320, 3), 100, np.uint8)
    event, region = action_event(actor=Actor(1, (0.5, 0.5, 0.75, 1.0))), Region(0.0, 0.25, 0.5, 1.0)
    made = drawn(grey, drawing_of(event, region))
    assert tuple(made[60, 80]) == tuple(made[239, 80]) == tuple(made[150, 0]) == tuple(made[150, 159]) == (255, 200, 0)
    assert tuple(made[120, 200]) == tuple(made[180, 160]) == tuple(made[239, 200]) == (0, 220, 120)
    assert tuple(made[150, 80]) == tuple(made[200, 200]) == (100, 100, 100)
    assert (grey == 100).all()


@pytest.mark.parametrize("box", [(0.5, 0.5, 0.5, 0.5), (0.99, 0.99, 1.0, 1.0), (0.0, 0.0, 1.0, 1.0)])
@pytest.mark.parametrize("size", [(2, 2), (48, 64), (1080, 1920)])
def test_whatever_is_drawn_has_its_place(box: tuple[float, float, float, float], size: tuple[int, int]) -> None:
    picture = np.zeros((*size, 3), np.uint8)
    assert drawn(picture, drawing_of(action_event(actor=Actor(1, box)), Region())).shape == picture.shape


def test_what_is_written_says_what_where_and_when() -> None:
    assert drawing_of(action_event(), REGION).lines == ("tighten started 90%", "cam/bench  2023-11-14T22:13:20.000Z")
    assert drawing_of(action_event(phase=Phase.ENDED), REGION).lines[0] == "tighten ended 90%"
    event = action_event()
    step = StepEvent(event.action_id, "cam", "bench", "gearbox", event.action_id, "press", Verdict.MISSED, 0.0, 0.0)
    assert drawing_of(step, REGION).lines[0] == "press: missed"


def test_letters_look_like_themselves() -> None:
    rows = ["".join(".#"[int(point)] for point in row) for row in written("Té")]
    assert rows == [
        "#####.......", "..#.........", "..#....###..", "..#...#...#.", "..#...#####.", "..#...#.....", "..#....###..",
    ]  # fmt: skip
    assert np.array_equal(written("拧"), written("?"))
    assert written("").shape == (7, 0)


def test_a_picture_that_is_none_is_told() -> None:
    with pytest.raises(ClipUnwritable, match="cannot be coded as JPEG"):
        jpeg(np.zeros((4, 4, 3), np.float32))  # type: ignore[arg-type]
