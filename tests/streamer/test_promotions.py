"""What was promoted: kept whole, remembered through anything, and never above what the operator writes."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from recognizers.errors import CheckpointMismatch
from recognizers.identity import identity
from streamer.errors import ConfigError
from streamer.promotions import MOST, Promotions

CONFIGURED = "bundled:cell"


def network(folder: Path, name: str) -> str:
    path = folder / f"{name}.safetensors"
    path.write_text(name)
    return str(path)


def promote(folder: Path, name: str) -> str:
    """By a service of its own each; returns the network's id."""
    promotions = Promotions(folder / "data")
    kept = promotions.keep(network(folder, name), at=1000.0)
    promotions.promote("cell", CONFIGURED, kept)
    return kept.id


def live(folder: Path, configured: str = CONFIGURED) -> str | None:
    promoted = Promotions(folder / "data").latest("cell", configured)
    return None if promoted is None else promoted.id


def test_a_choice_outlives_the_service_and_the_file_that_was_named(tmp_path: Path) -> None:
    model = promote(tmp_path, "better")
    Path(network(tmp_path, "better")).write_text("overwritten by the next training")
    promoted = Promotions(tmp_path / "data").latest("cell", CONFIGURED)
    assert promoted is not None
    assert Path(promoted.checkpoint).read_text() == "better"
    assert (promoted.id, promoted.source) == (model, str(tmp_path / "better.safetensors"))
    assert model == identity(promoted.checkpoint)


def test_where_the_configuration_names_another_checkpoint_it_is_right(tmp_path: Path) -> None:
    model = promote(tmp_path, "better")
    assert live(tmp_path, "newer.safetensors") is None
    assert Promotions(tmp_path / "data").overruled("cell", "newer.safetensors") == CONFIGURED
    assert live(tmp_path) == model
    assert Promotions(tmp_path / "data").overruled("cell", CONFIGURED) is None
    assert Promotions(tmp_path / "data").latest("other", CONFIGURED) is None


def test_promotions_are_undone_one_by_one_down_to_the_configured_checkpoint(tmp_path: Path) -> None:
    configured = network(tmp_path, "configured")
    promotions = Promotions(tmp_path / "data")
    models = [promotions.keep(network(tmp_path, name), 1.0) for name in ("one", "two")]
    for each in models:
        promotions.promote("cell", configured, each)
    assert promotions.before("cell", configured) == models[0]
    promotions.undo("cell", configured)
    assert promotions.before("cell", configured).checkpoint == configured
    promotions.undo("cell", configured)
    with pytest.raises(ConfigError, match="nothing to undo"):
        promotions.before("cell", configured)


def test_copies_are_as_many_as_can_be_undone(tmp_path: Path) -> None:
    models = [promote(tmp_path, f"network{n}") for n in range(MOST + 3)]
    assert {copy.stem for copy in (tmp_path / "data" / "models").iterdir()} == set(models[-MOST:])


def test_what_ships_with_the_package_is_not_copied(tmp_path: Path) -> None:
    kept = Promotions(tmp_path / "data").keep("bundled:cell", 1.0)
    assert kept.checkpoint == "bundled:cell"
    assert not (tmp_path / "data").exists()


def test_a_folder_stays_where_it_is_and_is_known_by_what_is_in_it(tmp_path: Path) -> None:
    folder = tmp_path / "classifier"
    folder.mkdir()
    with pytest.raises(CheckpointMismatch, match="there is no checkpoint"):
        identity(folder)
    (folder / "config.json").write_text("{}")
    (folder / "model.safetensors").write_text("weights")
    kept = Promotions(tmp_path / "data").keep(str(folder), 1.0)
    assert kept.checkpoint == str(folder)
    (folder / "model.safetensors").write_text("other weights")
    assert identity(folder) != kept.id


def disk_that_takes_nothing(_handle: int) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("text", ["{", "[]", '{"cell": 1}', '{"cell": {"configured": "a", "promoted": [{}]}}'])
def test_a_file_that_cannot_be_read_is_told_with_what_to_do(tmp_path: Path, text: str) -> None:
    (tmp_path / "promoted.json").write_text(text)
    with pytest.raises(ConfigError, match=r"promoted\.json: cannot be read .*remove it"):
        Promotions(tmp_path)


def test_a_write_that_fails_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = promote(tmp_path, "better")
    promotions = Promotions(tmp_path / "data")
    other = promotions.keep(network(tmp_path, "other"), 1.0)
    with monkeypatch.context() as full:
        full.setattr(os, "fsync", disk_that_takes_nothing)
        with pytest.raises(OSError, match="No space left"):
            promotions.promote("cell", CONFIGURED, other)
    assert {file.name for file in (tmp_path / "data").iterdir()} == {"promoted.json", "models"}
    latest = promotions.latest("cell", CONFIGURED)
    assert latest is not None
    assert latest.id == model == live(tmp_path)


def test_what_another_folder_says_holds_here_and_again_when_it_says_something_else(tmp_path: Path) -> None:
    there, here = Promotions(tmp_path / "data"), Promotions(tmp_path / "worker")
    (tmp_path / "worker").mkdir()
    model = promote(tmp_path, "better")
    here.take(there.said)
    latest = here.latest("cell", CONFIGURED)
    assert latest is not None
    assert (latest.id, Path(latest.checkpoint).parent) == (model, tmp_path / "data" / "models")
    there.undo("cell", CONFIGURED)
    here.take(there.said)
    assert here.latest("cell", CONFIGURED) is None
