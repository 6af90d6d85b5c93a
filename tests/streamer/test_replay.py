"""A recording gives the events that the camera gave, each time the same, and loses nothing."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncGenerator, Mapping
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from jsonschema import Draft202012Validator

from recognizers.clip import WHOLE_PICTURE
from recognizers.errors import RecognizerError
from streamer.engine import LocalEngine
from streamer.errors import ConfigError, SourceRejected, SourceUnavailable
from streamer.event import Event
from streamer.frame import Frame
from streamer.recordings import replay_files
from streamer.replay import replay
from streamer.segmenter import EventRule
from streamer.settings import load
from streamer.stages import StreamStages, Watch
from streamer.testing.recognizers import CountingRecognizer
from tests.streamer.plants import blinking_film, write_plant

SCHEMA = Path(__file__).parents[2] / "config" / "schema" / "event.v1.json"
RULE = EventRule(on=0.5, off=0.4, smooth_s=0.0, release_s=0.0)


async def frames(seconds: float, gap: tuple[float, float] = (0.0, 0.0)) -> AsyncGenerator[Frame, None]:
    """Ten pictures a second, none in the gap."""
    for n in range(round(seconds * 10)):
        if not gap[0] <= n / 10 < gap[1]:
            yield Frame("cam", 1, n, 100 + n / 10, n / 10, np.full((8, 8, 3), n % 256, np.uint8))


def watch(recognizer: CountingRecognizer, min_coverage: float = 0.6) -> Watch:
    return Watch("w", "r", recognizer.spec, recognizer.labels, "idle", WHOLE_PICTURE, min_coverage, {"default": RULE})


async def replayed(recognizer: CountingRecognizer, source: AsyncGenerator[Frame, None]) -> list[Event]:
    stages = StreamStages("cam", [watch(recognizer)])
    async with LocalEngine("r", recognizer) as engine:
        return [event async for event in replay(stages, {"r": engine}, source, 1)]


async def test_every_clip_is_answered_one_a_batch_before_the_next_frame() -> None:
    recognizer = CountingRecognizer()
    started, ended = await replayed(recognizer, frames(30))
    assert recognizer.batches == [1] * 299
    assert (started.started_at, ended.reason) == (100.1, "source_ended")
    assert ended.duration_s == pytest.approx(29.8)


async def test_clips_of_too_little_coverage_are_not_looked_at() -> None:
    recognizer = CountingRecognizer()
    await replayed(recognizer, frames(3, gap=(1.0, 2.0)))
    assert 15 <= sum(recognizer.batches) <= 18


async def test_answers_that_are_no_numbers_are_counted_by_watch() -> None:
    recognizer, senseless = CountingRecognizer(), Counter[str]()
    recognizer.senseless = {("cam", 4), ("cam", 7)}
    async with LocalEngine("r", recognizer) as engine:
        stages = StreamStages("cam", [watch(recognizer)])
        _ = [event async for event in replay(stages, {"r": engine}, frames(3), 1, senseless)]
    assert senseless == {"w": 2}


async def test_the_source_is_closed_when_nobody_reads_on() -> None:
    recognizer = CountingRecognizer()
    source = frames(30)
    stages = StreamStages("cam", [watch(recognizer)])
    async with LocalEngine("r", recognizer) as engine:
        events = replay(stages, {"r": engine}, source, 1)
        await anext(events)
        await events.aclose()
    with pytest.raises(StopAsyncIteration):
        await anext(source)


@pytest.mark.parametrize("trouble", [SourceUnavailable("ts_jump", "told so"), RecognizerError("broken")])
async def test_a_recording_that_breaks_off_ends_what_it_left_open(trouble: Exception) -> None:
    recognizer = CountingRecognizer()

    async def breaking() -> AsyncGenerator[Frame, None]:
        async for frame in frames(3):
            yield frame
        raise trouble

    events: list[Event] = []
    async with LocalEngine("r", recognizer) as engine:
        with pytest.raises(type(trouble)):
            async for event in replay(StreamStages("cam", [watch(recognizer)]), {"r": engine}, breaking(), 1):
                events.append(event)
    assert [(event.phase, event.reason) for event in events] == [("started", None), ("ended", "source_lost")]
    assert events[0].action_id == events[1].action_id


class Printed:
    """What a replay shows, as the bytes that `--json` would print."""

    def __init__(self) -> None:
        self.bodies: list[Mapping[str, object]] = []

    def __call__(self, fields: Mapping[str, object], text: str) -> None:
        assert str(fields.get("action") or fields.get("step") or fields["phase"]) in text
        self.bodies.append(fields)

    def __str__(self) -> str:
        return "\n".join(map(json.dumps, self.bodies))


async def test_the_same_films_give_the_same_bytes(tmp_path: Path) -> None:
    """Each file is an epoch of its own and begins where the one before ended; the times are those of the recording."""
    one, two = blinking_film(tmp_path / "one.mp4", 4), blinking_film(tmp_path / "two.mp4", 3)
    settings = load(write_plant(tmp_path, {"cam": f"{{kind: file, path: {one}}}"}), {})
    first, second = Printed(), Printed()
    assert not await replay_files(settings, None, [one, two], 1_000_000_000.0, first)
    await replay_files(settings, "cam", [one, two], 1_000_000_000.0, second)

    assert str(first) == str(second)
    assert [body["phase"] for body in first.bodies] == ["started", "ended"] * 4
    assert [len({body["epoch"] for body in first.bodies[part]}) for part in (slice(0, 4), slice(4, 8), slice(8))] == [
        1,
        1,
        2,
    ]
    validator = Draft202012Validator(json.loads(SCHEMA.read_text()))
    for body in first.bodies:
        validator.validate(body)
    assert [body["seq"] for body in first.bodies] == list(range(1, 9))
    assert [body.get("reason") for body in first.bodies[1::2]] == ["completed"] * 3 + ["source_ended"]
    assert {body["clock"] for body in first.bodies} == {"replay"}
    began = [datetime.fromisoformat(str(body["at"])).timestamp() - 1_000_000_000 for body in first.bodies[::2]]
    assert began[2] - began[0] == pytest.approx(4, abs=0.001)
    assert began[1] - began[0] == pytest.approx(2, abs=0.1)


@pytest.mark.parametrize("mode", ["stream", "delayed"])
async def test_a_recognizer_that_follows_the_film_gives_the_same_bytes_and_the_events_of_one_that_does_not(
    tmp_path: Path, mode: str
) -> None:
    film = blinking_film(tmp_path / "film.mp4", 6)
    source = {"cam": f"{{kind: file, path: {film}}}"}
    windowed, first, second = Printed(), Printed(), Printed()
    await replay_files(load(write_plant(tmp_path, source), {}), None, [film], 1e9, windowed)
    settings = load(write_plant(tmp_path, source, mode=mode), {})
    for printed in (first, second):
        await replay_files(settings, None, [film], 1e9, printed)

    assert str(first) == str(second)
    assert len(first.bodies) == len(windowed.bodies) == 6
    for one, other in zip(first.bodies[:-1], windowed.bodies[:-1], strict=True):
        assert (one["phase"], one["action"]) == (other["phase"], other["action"])
        times = [datetime.fromisoformat(str(body["at"])).timestamp() for body in (one, other)]
        assert times[0] == pytest.approx(times[1], abs=0.3)


async def test_a_procedure_is_followed_over_all_films_with_the_same_bytes_every_time(tmp_path: Path) -> None:
    """Bright is the step, dark is none; the second film goes on where the first one broke off. A lookout would take
    pictures of one colour for blocked."""
    films = [blinking_film(tmp_path / "one.mp4", 5), blinking_film(tmp_path / "two.mp4", 4)]
    (tmp_path / "work.yaml").write_text("name: w\nsteps: {bright: {repeat: 4, at_most: 4}}\n")
    plant = write_plant(tmp_path, {"cam": f"{{kind: file, path: {films[0]}}}"})
    text = plant.read_text().replace("recognizer: light,", "recognizer: light, procedure: work.yaml,")
    trusting = "sight: {frozen_s: 0, dark_below: 0, blocked_below: 0}"
    plant.write_text(text.replace("watches: [", f"{trusting}, watches: ["))
    first, second = Printed(), Printed()
    for printed in (first, second):
        await replay_files(load(plant, {}), None, films, 1e9, printed)

    assert str(first) == str(second)
    cycles = [body for body in first.bodies if body["type"] == "cycle"]
    assert [(body["phase"], body.get("reason")) for body in cycles] == [("started", None), ("completed", "finished")]
    verdicts = [body["verdict"] for body in first.bodies if body["type"] == "step"]
    assert verdicts == ["done", "done", "inconclusive", "done", "done"]
    assert [body["seq"] for body in first.bodies] == list(range(1, len(first.bodies) + 1))


async def test_another_film_or_another_time_has_ids_of_its_own(tmp_path: Path) -> None:
    one, two = blinking_film(tmp_path / "one.mp4", 2), blinking_film(tmp_path / "two.mp4", 3)
    settings = load(write_plant(tmp_path, {"cam": f"{{kind: file, path: {one}}}"}), {})
    ids = []
    for films, start_at in (([one], 0.0), ([two], 0.0), ([one, one], 0.5), ([one], 0.0)):
        printed = Printed()
        await replay_files(settings, None, films, start_at, printed)
        ids.append([body["event_id"] for body in printed.bodies])
    assert [len(some) for some in ids] == [2, 4, 4, 2]
    assert len({id_ for some in ids[:3] for id_ in some}) == 10
    assert ids[3] == ids[0]


async def test_a_stream_must_be_named_where_there_are_several(tmp_path: Path) -> None:
    film = blinking_film(tmp_path / "film.mp4", 1)
    source = f"{{kind: file, path: {film}}}"
    settings = load(write_plant(tmp_path, {"one": source, "two": source}), {})
    for name in (None, "three"):
        with pytest.raises(ConfigError, match="--stream: give one of one, two"):
            await replay_files(settings, name, [film], 0.0, Printed())


async def test_a_file_that_is_no_film_is_told(tmp_path: Path) -> None:
    text = tmp_path / "plant.yaml"
    settings = load(write_plant(tmp_path, {"cam": f"{{kind: file, path: {text}}}"}), {})
    with pytest.raises(SourceRejected, match="not_video"):
        await replay_files(settings, None, [text], 0.0, Printed())
