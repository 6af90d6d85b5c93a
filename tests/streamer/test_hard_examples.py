"""Clips worth a label are kept where that was asked for: few, small, whole, and never at the expense of anything."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest

from recognizers.clip import WHOLE_PICTURE, Clip
from recognizers.prediction import Prediction
from streamer.errors import ClipUnwritable
from streamer.evidence.privacy import Privacy, Redactor
from streamer.hard_examples import HardExamples, Options, why_hard
from streamer.media.film import film
from streamer.model import Model
from streamer.testing.recognizers import CountingRecognizer, SayingRecognizer
from streamer.testing.time import FakeClock

MODEL = Model(CountingRecognizer(), "cell", "3f2a9c81b7d0")
PICTURES = tuple(np.full((48, 64, 3), level, np.uint8) for level in (20, 230, 120))


def clip(index: int = 0) -> Clip:
    return Clip("cam", "bench", 7, index, 0.0, 0.2, 1_700_000_000.5, 0.0, WHOLE_PICTURE, 1.0, PICTURES)


def says(pick: float, abstained: bool = False) -> Prediction:
    row = np.array([1 - pick, pick], np.float32)
    return Prediction("cam", "bench", 7, 0, 0.0, 0.2, 1.0, 0.0, row, abstained=abstained)


class Kept:
    """Hard examples in a folder, in virtual time."""

    def __init__(self, folder: Path, **options: object) -> None:
        self.folder, self.clock, self.results = folder, FakeClock(), list[str]()
        given = {"per_hour": 60, "max_bytes": 1 << 20, "below": 0.55} | options
        self.examples = HardExamples(Options(folder, **given), self.clock, self)  # type: ignore[arg-type]

    def hard_example(self, recognizer: str, result: str) -> None:
        self.results.append(f"{recognizer} {result}")

    def offer(self, index: int = 0, pick: float = 0.5, recognizer: str = "cell") -> None:
        """And wait until it is written, where it is."""
        self.examples.offer(recognizer, MODEL, clip(index), says(pick), disagreed=False)
        if self.examples._work is not None:
            self.examples._work.result(10)

    @property
    def lines(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in (self.folder / "unlabelled.jsonl").read_text().splitlines()]


@pytest.mark.parametrize(
    ("prediction", "disagreed", "why"),
    [
        (says(0.9), False, None),
        (says(0.9), True, "disagreed"),
        (says(0.5), False, "unsure"),
        (says(0.0, abstained=True), False, "abstained"),
        (replace(says(0.5), scores=np.full(2, np.nan, np.float32)), True, None),
    ],
)
def test_what_is_worth_a_label(prediction: Prediction, disagreed: bool, why: str | None) -> None:
    assert why_hard(prediction, 0.55, disagreed) == why


def test_a_kept_clip_is_a_film_of_what_the_network_saw_and_a_line_without_a_label(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "hard")
    kept.offer(3)
    assert kept.lines == [
        {
            "path": "clips/cam-bench-7-3.mp4", "label": None, "stream": "cam", "watch": "bench",
            "at": "2023-11-14T22:13:20.500Z", "why": "unsure", "said": "idle", "score": 0.5, "model": "3f2a9c81b7d0",
        }
    ]  # fmt: skip
    with av.open(str(tmp_path / "hard" / "clips/cam-bench-7-3.mp4")) as container:
        frames = list(container.decode(video=0))
        seen = [frame.to_ndarray(format="rgb24") for frame in frames]
        assert [float(frame.time or 0) for frame in frames] == pytest.approx([0.0, 0.1, 0.2])
    for picture, shown in zip(PICTURES, seen, strict=True):
        assert picture.shape == shown.shape
        assert np.abs(picture.astype(int) - shown).max() < 12


def test_what_must_not_be_seen_is_hidden_in_them_too(tmp_path: Path) -> None:
    left = ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))
    kept = Kept(tmp_path / "hard")
    kept.examples.hide("cam", Redactor(Privacy(masks=(left,))))
    kept.examples.offer("cell", MODEL, clip(3), says(0.5), disagreed=False)
    kept.examples.hide("cam", None)  # the stream goes while it is written
    kept.examples.close()
    with av.open(str(tmp_path / "hard" / "clips/cam-bench-7-3.mp4")) as container:
        seen = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert len(seen) == 3
    for picture, shown in zip(PICTURES, seen, strict=True):
        assert shown[:, :32].max() < 8
        assert np.abs(picture[:, 40:].astype(int) - shown[:, 40:]).max() < 12


def test_clips_come_evenly_however_many_are_hard(tmp_path: Path) -> None:
    kept = Kept(tmp_path, per_hour=60)
    for index in range(130):
        kept.offer(index)
        kept.clock.passed_s += 1.0
    assert kept.results.count("cell kept") == 3
    assert set(kept.results) == {"cell kept", "cell rate"}
    kept.offer(999, recognizer="other")
    assert kept.results[-1] == "other kept"


def test_what_is_clear_is_not_kept(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    kept.offer(pick=0.9)
    assert kept.results == list(tmp_path.iterdir()) == []


def test_a_full_folder_takes_no_more_and_loses_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    one = len(film(PICTURES, 0.1))
    for number in range(3):  # the second service finds what the first one left
        kept = Kept(tmp_path, max_bytes=int(2.5 * one))
        kept.offer(number)
        assert kept.results == ["cell kept" if number < 2 else "cell full"]
    assert "is full; label its clips" in caplog.text
    assert len(list((tmp_path / "clips").iterdir())) == len(kept.lines) == 2


def test_a_disk_that_takes_nothing_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "clips").touch()
    kept = Kept(tmp_path)
    kept.offer()
    assert kept.results == ["cell failed"]
    assert "is not kept: " in caplog.text


def test_of_a_continual_network_nothing_is_kept(tmp_path: Path) -> None:
    """Its clips are a hop long."""
    kept = Kept(tmp_path)
    spec = replace(CountingRecognizer.spec, continual=True)
    model = replace(MODEL, recognizer=SayingRecognizer(lambda _: (0.5, 0.5), spec=spec))
    kept.examples.offer("cell", model, clip(), says(0.5), disagreed=False)
    kept.examples.close()
    assert kept.results == []


def test_pictures_that_cannot_be_coded_are_told() -> None:
    with pytest.raises(ClipUnwritable, match=r"cannot be coded as H\.264"):
        film((np.zeros((3, 5, 3), np.uint8),), 0.1)


def test_clips_of_others_in_the_folder_count_and_what_is_taken_away_makes_room(tmp_path: Path) -> None:
    kept = Kept(tmp_path, max_bytes=50_000)
    (tmp_path / "clips").mkdir()
    theirs = tmp_path / "clips" / "theirs.mp4"
    theirs.write_bytes(b"x" * 49_900)
    kept.offer(0)
    theirs.unlink()
    kept.offer(1, recognizer="other")
    assert kept.results == ["cell full", "other kept"]
