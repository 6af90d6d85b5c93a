"""Laws of every command: help, exit codes, and who reads what."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest

from streamer.cli import COMMANDS, main
from tests.e2e.networks import SPEC, write_network
from tests.streamer.plants import blinking_film, write_plant
from tests.streamer.settings.files import VALID, write_card

NOWHERE = "/nowhere/at/all"
LEAST = {
    "run": [NOWHERE],
    "check": [NOWHERE],
    "doctor": [NOWHERE],
    "probe": ["rtsp://127.0.0.1:1/main"],
    "replay": [NOWHERE, NOWHERE],
    "record": [NOWHERE, "--watch", "cell-4/bench", "--label", "tighten"],
    "teach": [NOWHERE, "--out", "taught.safetensors"],
    "train": [NOWHERE],
    "select": [NOWHERE],
    "validate": [NOWHERE, "--data", f"clips:{NOWHERE}"],
    "predict": [NOWHERE, NOWHERE],
    "data": ["check", f"folder:{NOWHERE}"],
    "promote": [NOWHERE, "cell"],
    "procedure": ["check", NOWHERE],
    "outbox": ["show", NOWHERE],
    "models": ["convert", NOWHERE, NOWHERE, "--size", "r50_8x8", "--labels", NOWHERE, "--background", "none"],
}
"""Arguments of each command that can fail, so that it does."""
ALWAYS = ("schema", "version", "demo")
"""Commands that need nothing."""


def valid(folder: Path) -> str:
    file = folder / "cell.yaml"
    file.write_text(VALID.replace("CHECKPOINT", str(write_card(folder / "cell.safetensors"))))
    return str(file)


@pytest.mark.parametrize("name", COMMANDS)
def test_help_begins_with_the_use_and_ends_with_an_example(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([name, "--help"])
    text, module = capsys.readouterr().out, import_module(f"streamer.cli.{name}")
    described = module.__doc__ or ""
    assert ended.value.code == 0
    assert text.startswith(f"usage: takt {name} ")
    assert described.strip().splitlines()[0] in text
    assert text.rstrip().endswith(module.EXAMPLES.rstrip())
    assert module.EXAMPLES.startswith(f"example: takt {name}")
    assert max(map(len, described.splitlines())) <= 120


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    text = capsys.readouterr().out
    assert all(f"\n    {name}" in text for name in COMMANDS)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--json", "models", "list"],
        ["models", "--json", "list"],
        ["models", "list", "--json"],
        ["--json", "schema"],
        ["schema", "--json"],
    ],
    ids=" ".join,
)
def test_json_stands_before_a_command_or_its_part_or_behind(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 0
    assert all(json.loads(line) for line in capsys.readouterr().out.splitlines())


@pytest.mark.parametrize(
    "part",
    [*(["models", name] for name in ("list", "show", "get", "convert")), ["data", "check"], ["procedure", "draw"]],
    ids=" ".join,
)
def test_help_of_a_part_names_what_every_command_takes(part: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([*part, "--help"])
    text = capsys.readouterr().out
    assert "--json " in text
    assert "--debug " in text


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["dance"],
        ["check"],
        ["probe", "a", "--seconds", "nan"],
        ["demo", "--seconds", "nan"],
        ["demo", "--seconds", "-5"],
        ["run", "a", "b"],
        ["record", "a", "--watch", "bench", "--label", "tighten"],
        ["record", "a", "--watch", "a/b", "--label", " "],
        ["record", "a", "--watch", "a/b", "--label", "c", "--seconds", "nan"],
        ["record", "a", "--watch", "a/b", "--label", "c", "--count", "0"],
        ["teach", "a"],
        ["teach", "a", "--out", "b.pt"],
        ["teach", "a", "--out", "b.safetensors", "--by", "magic"],
        ["data"],
        ["promote", "a"],
        ["promote", "a", "b", "--undo", "--dry-run"],
        ["models"],
        ["models", "dance"],
        ["models", "get", "http://host/file", "--sha256", "abc"],
    ],
)
def test_wrong_usage_ends_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    out, err = capsys.readouterr()
    assert (ended.value.code, out) == (2, "")
    assert err.startswith("usage: takt")


def test_every_command_is_tried_here() -> None:
    assert set(COMMANDS) <= {*LEAST, *ALWAYS}


@pytest.mark.parametrize("name", [name for name in LEAST if name in COMMANDS])
def test_a_failure_ends_with_1_as_json_for_machines_and_text_for_people(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([name, *LEAST[name], "--json"]) == 1
    out, err = capsys.readouterr()
    (told,) = map(json.loads, out.splitlines())
    assert told.get("problem") or told["advice"]
    assert err.strip()

    assert main([name, *LEAST[name]]) == 1
    out, err = capsys.readouterr()
    assert ("what to do" in out) if name == "probe" else (out == "" and err.strip())


@pytest.mark.parametrize(("workers", "told"), [("1", ""), ("auto", ""), ("3", ""), ("2", "so that 8 wait")])
def test_a_check_says_where_workers_cannot_watch_all(
    workers: str, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stream = "  - {{id: cam-{n}, source: {{kind: rtsp, url: 'rtsp://cam/'}}, watches: [{{id: b, recognizer: a}}]}}\n"
    streams = "".join(stream.format(n=n) for n in range(40))
    file = tmp_path / "plant.yaml"
    file.write_text(f"workers: {workers}\ndata_dir: {tmp_path}/data\nrecognizers: {{a: {{}}}}\nstreams:\n{streams}")
    assert main(["check", str(file)]) == 0
    out, _ = capsys.readouterr()
    assert ("watch 32 streams at most" in out) is bool(told)
    assert told in out


def test_a_check_says_that_all_is_well_and_how_late_events_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = f"{tmp_path}/cell.yaml is valid: 1 stream, 1 watch\n"
    late = "cell-4/bench: a start is decided within about 1.8 s (half a clip 0.4, smoothing 0.5, rules and hop 1.0), "
    late += "an end within about 1.8 s\n"
    assert main(["check", valid(tmp_path)]) == 0
    assert capsys.readouterr().out == said + late

    assert main(["check", valid(tmp_path), "--json"]) == 0
    out, err = capsys.readouterr()
    seconds = {"start_s": 1.0, "end_s": 1.0, "rise_s": 0.458, "fall_s": 0.458, "half_clip_s": 0.35}
    counted = {"streams": 1, "watches": 1, "lateness": {"cell-4/bench": seconds}}
    assert json.loads(out) == {"config": f"{tmp_path}/cell.yaml", "valid": True, **counted}
    assert err == said + late


def test_a_check_says_how_late_decoded_actions_are(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = Path(valid(tmp_path))
    file.write_text(file.read_text().replace("cell}", "cell, decode: {lag_s: 2}}"))
    assert main(["check", str(file), "--json"]) == 0
    seconds = {"start_s": 3.0, "end_s": 3.0, "rise_s": 0.0, "fall_s": 0.0, "half_clip_s": 0.35}
    assert json.loads(capsys.readouterr().out)["lateness"] == {"cell-4/bench": seconds}


def test_a_check_says_where_a_score_is_never_reached(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = Path(valid(tmp_path))
    file.write_text(file.read_text().replace("cell}", "cell, events: {default: {on: 1}}}"))
    assert main(["check", str(file)]) == 0
    assert "cell-4/bench: a smoothed score never reaches 1 nor falls below 0" in capsys.readouterr().out
    assert main(["check", str(file), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["lateness"]["cell-4/bench"]["rise_s"] is None


def test_a_check_says_every_mistake_on_a_line_of_its_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "[red]cell[bold].yaml"
    file.write_text("streams: [1, 2]\nlgo: {}\n")
    assert main(["check", str(file), "--json"]) == 1
    out, err = capsys.readouterr()
    told = [json.loads(line)["problem"] for line in out.splitlines()]
    assert told == err.splitlines()
    assert len(told) == 4
    assert all(line.startswith(f"{file}:") for line in told)


def test_the_schema_is_for_editors_and_the_reference_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema"]) == 0
    assert json.loads(capsys.readouterr().out)["title"] == "Settings"
    assert main(["schema", "--json"]) == 0
    out, _ = capsys.readouterr()
    assert json.loads(out)["title"] == "Settings"
    assert out.count("\n") == 1
    assert main(["schema", "--reference"]) == 0
    out, _ = capsys.readouterr()
    assert out == (Path(__file__).parents[3] / "config" / "reference.yaml").read_text()


def test_versions_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["version", "--json"]) == 0
    versions = json.loads(capsys.readouterr().out)
    assert {"taktstream", "torch", "av", "python"} <= set(versions)
    assert main(["version"]) == 0
    assert f"taktstream  {versions['taktstream']}" in capsys.readouterr().out


def test_recordings_are_run_to_their_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    film = blinking_film(tmp_path / "film.mp4", 2)
    config = write_plant(tmp_path, {"cam": f"{{kind: file, path: {film}}}"})
    assert main(["run", str(config), "--json"]) == 0
    urls, *events = map(json.loads, capsys.readouterr().out.splitlines())
    assert urls["metrics"].startswith("http://127.0.0.1:")
    assert [event["payload"]["phase"] for event in events] == ["started", "ended"]


def test_a_replay_prints_events(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    film = str(blinking_film(tmp_path / "film.mp4", 2))
    config = str(write_plant(tmp_path, {"cam": f"{{kind: file, path: {film}}}"}))
    assert main(["replay", config, film, "--start-at", "2026-11-24T06:00:00Z", "--json"]) == 0
    started, ended = map(json.loads, capsys.readouterr().out.splitlines())
    assert (started["at"][:19], ended["phase"]) == ("2026-11-24T06:00:00", "ended")

    assert main(["replay", config, film]) == 0
    assert capsys.readouterr().out.splitlines()[0].startswith("1970-01-01T00:00:00")


def test_a_replay_whose_network_overflows_says_so_at_its_end(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    film = str(blinking_film(tmp_path / "film.mp4", 2))
    config = str(write_plant(tmp_path, {"cam": f"{{kind: file, path: {film}}}"}))
    write_network(tmp_path / "light.safetensors", replace(SPEC, hop_s=0.16), weight=3e38, bias=3e38)
    assert main(["replay", config, film, "--json"]) == 1
    out, err = capsys.readouterr()
    *_, told = map(json.loads, out.splitlines())
    assert re.match(r"watch bench: \d+ answers of its recognizer were no numbers \(NaN\)", told["problem"])
    assert told["problem"] in err


def test_a_debugged_failure_shows_where(tmp_path: Path) -> None:
    config = write_plant(tmp_path, {"cam": f"{{kind: file, path: {tmp_path}/plant.yaml}}"})
    with pytest.raises(Exception, match="not_video"):
        main(["replay", str(config), str(config), "--debug"])
