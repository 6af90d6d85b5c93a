"""Procedures are shown as their files say, read once and again when they say something else."""

from __future__ import annotations

from pathlib import Path

import pytest

from streamer.rereading import digests
from streamer.settings import Settings
from streamer.workers import works
from streamer.workers.works import Works
from tests.streamer.workers.test_supervisor import plant

PROCEDURE = "name: {name}\nsteps: {{pick: {{}}, place: {{after: [pick]}}}}\n"


def following(folder: Path, file: Path) -> Settings:
    settings = plant(folder)
    (stream,) = settings.streams
    watches = tuple(one.model_copy(update={"procedure": file}) for one in stream.watches)
    streams = [stream.model_copy(update={"id": name, "watches": watches}) for name in ("cam", "other")]
    return settings.model_copy(update={"streams": tuple(streams)})


def test_each_is_there_once_with_all_who_follow_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, read = tmp_path / "gear.yaml", list[Path]()
    file.write_text(PROCEDURE.format(name="gear"))
    settings, shown = following(tmp_path, file), Works()
    load = works.load_procedure
    monkeypatch.setattr(works, "load_procedure", lambda path, known: (read.append(path), load(path, known))[1])

    (work,) = shown.of(settings, digests([file]))
    assert work.watches == (("cam", "b"), ("other", "b"))
    assert [step.name for step in work.procedure.steps] == ["pick", "place"]
    shown.of(settings, digests([file]))
    assert read == [file]

    file.write_text(PROCEDURE.format(name="box"))
    assert [one.procedure.name for one in shown.of(settings, digests([file]))] == ["box"]

    file.write_text("name: [")
    assert [one.procedure.name for one in shown.of(settings, digests([file]))] == ["box"], "what was known last"
