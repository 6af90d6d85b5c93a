"""What was labelled while the service ran is what `takt data check` accepts and `takt teach` learns from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from recognizers.data.recordings import labelled
from recognizers.data.taught import source_of, taught
from streamer.cli import main
from tests.streamer.labels.cameras import Bench, filmed


async def labelled_set(folder: Path) -> None:
    """Two actions and the background, in three hours."""
    bench = Bench(filmed(folder), folder / "set")
    for hour in range(3):
        await bench.clock.advance(3600.0)
        bench.connect(hour + 2)
        await bench.run(14.0)
        for label, ago_s in (("tighten", 10.5), ("loosen", 7.5), ("background", 4.5)):
            await bench.mark(label, ago_s, before_s=1.0, after_s=1.0)


async def test_what_was_labelled_can_be_learned_from(tmp_path: Path) -> None:
    await labelled_set(tmp_path)
    learned = taught(source_of(tmp_path / "set"))
    assert learned.folds.count == 3
    assert sorted(learned.labels) == sorted(["tighten", "loosen", "background"] * 3)
    assert len({line.group for line in labelled(tmp_path / "set")}) == 3


async def test_what_was_labelled_is_a_data_set(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    await labelled_set(tmp_path)
    main(["data", "check", f"recordings:{tmp_path / 'set'}", "--json", "--least", "1", "--frames", "8"])
    said = json.loads(capsys.readouterr().out)
    assert {label for label, counts in said["clips"].items() if sum(counts.values())} >= {"tighten", "loosen"}
    assert [one for one in said["findings"] if one["kind"] not in ("alike", "leakage", "few")] == []
