"""Streams that are to stay are on the disk once that is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from streamer.errors import ConfigError
from streamer.settings import KeptStreams

SECTION = {"id": "dock", "source": {"kind": "rtsp", "url": "rtsp://cam/"}}


def test_what_the_disk_did_not_take_is_written_when_it_does(tmp_path: Path) -> None:
    kept = KeptStreams(tmp_path)
    kept.keep("dock", SECTION)
    kept.file.rename(tmp_path / "aside")
    kept.file.mkdir()
    for section in ({**SECTION, "blur": "people"}, {**SECTION, "blur": "people"}, None):
        with pytest.raises(ConfigError, match="cannot be written"):
            kept.keep("dock", section)
    kept.file.rmdir()
    (tmp_path / "aside").rename(kept.file)
    kept.keep("other", {**SECTION, "id": "other"})
    assert list(KeptStreams(tmp_path).read()) == ["other"]


def test_what_is_the_same_is_not_written_again(tmp_path: Path) -> None:
    kept = KeptStreams(tmp_path)
    kept.keep("dock", SECTION)
    kept.file.unlink()
    kept.keep("dock", dict(SECTION))
    assert not kept.file.exists()


@pytest.mark.parametrize("much", [[[0, 0, 1, 1]] * 12_000, ["x" * 1_100_000]])
def test_no_more_is_kept_than_is_read_again(tmp_path: Path, much: list[object]) -> None:
    kept = KeptStreams(tmp_path)
    kept.keep("dock", SECTION)
    with pytest.raises(ConfigError, match="would say more than it may"):
        kept.keep("large", {**SECTION, "id": "large", "masks": much})
    kept.keep("other", {**SECTION, "id": "other", "masks": much[:1] * 9_000 if len(much) > 1 else []})
    assert list(KeptStreams(tmp_path).read()) == ["dock", "other"]
