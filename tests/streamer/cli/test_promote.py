"""`takt promote` where no service runs, and what `takt check` then says."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from recognizers.identity import identity
from streamer.cli import main
from streamer.outbox.files import owned
from tests.e2e.networks import SPEC, always_bright
from tests.streamer.plants import blinking_film, write_plant
from tests.streamer.settings.files import write_card


@pytest.fixture
def config(tmp_path: Path) -> str:
    film = blinking_film(tmp_path / "film.mp4", 2)
    return str(write_plant(tmp_path, {"cam": f"{{kind: file, path: {film}}}"}))


def other(tmp_path: Path) -> str:
    return str(always_bright(tmp_path / "other.safetensors", replace(SPEC, hop_s=0.16)))


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, object]:
    main([*arguments, "--json"])
    (line,) = capsys.readouterr().out.splitlines()
    return dict(json.loads(line))


def test_a_promotion_at_rest_holds_from_the_next_start_on_and_can_be_undone(
    tmp_path: Path, config: str, capsys: pytest.CaptureFixture[str]
) -> None:
    told = said(capsys, "promote", config, "light", "--checkpoint", other(tmp_path))
    model = identity(tmp_path / "other.safetensors")
    assert (told["result"], told["model"], told["running"]) == ("promoted", model, False)
    assert said(capsys, "check", config)["promoted"] == {
        "light": {"checkpoint": str(tmp_path / "other.safetensors"), "model": model}
    }
    assert main(["run", config, "--json"]) == 0
    _, *events = map(json.loads, capsys.readouterr().out.splitlines())
    assert [event["payload"]["model"] for event in events] == [model] * 2
    assert events[-1]["payload"]["reason"] == "source_ended"

    assert said(capsys, "promote", config, "light", "--undo")["result"] == "undone"
    assert "promoted" not in said(capsys, "check", config)
    assert "nothing to undo" in str(said(capsys, "promote", config, "light", "--undo")["problem"])


def test_a_check_tells_people_what_runs_instead(
    tmp_path: Path, config: str, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["promote", config, "light", "--checkpoint", other(tmp_path)])
    assert "is what it will start with" in capsys.readouterr().out
    main(["check", config])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert f"recognizers.light: {tmp_path}/other.safetensors runs instead of " in lines[1]


def test_a_dry_run_at_rest_says_what_it_would_start_with(
    tmp_path: Path, config: str, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["promote", config, "light", "--dry-run"])
    assert f"would start with {tmp_path}/light.safetensors" in capsys.readouterr().out
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["lihgt"], "has no recognizer lihgt; there are: light"),
        (["light"], "has no shadow; name a checkpoint"),
        (["light", "--checkpoint", "/nowhere"], "cannot read the checkpoint /nowhere"),
        (["light", "--checkpoint", "CRNN"], "is of kind crnn, not slowfast"),
    ],
)
def test_what_cannot_be_promoted_is_told(
    tmp_path: Path, config: str, capsys: pytest.CaptureFixture[str], arguments: list[str], problem: str
) -> None:
    crnn = str(write_card(tmp_path / "crnn.safetensors", kind="crnn"))
    told = said(capsys, "promote", config, *(crnn if one == "CRNN" else one for one in arguments))
    assert problem in str(told["problem"])


def test_a_service_that_does_not_listen_yet_is_told(
    tmp_path: Path, config: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with owned(tmp_path / "data" / "outbox" / "0"):
        told = said(capsys, "promote", config, "light", "--checkpoint", other(tmp_path))
    assert "in use by another process, and does not listen" in str(told["problem"])


def test_a_shadow_is_checked_like_the_live_checkpoint(
    tmp_path: Path, config: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = Path(config)
    for shadow, problem in (("/nowhere", "cannot read"), (write_card(tmp_path / "c", kind="crnn"), "of kind crnn")):
        text = file.read_text()
        file.write_text(text.replace("{checkpoint:", f"{{shadow: {shadow}, checkpoint:"))
        told = str(said(capsys, "check", config)["problem"])
        file.write_text(text)
        assert "recognizers.light.shadow: " in told
        assert problem in told
