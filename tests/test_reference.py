"""config/reference.yaml says every key with its default, and nothing else; the examples are valid."""

from __future__ import annotations

import json
import re
import runpy
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel

import recognizers.card
from recognizers.data.synthetic import ACTIONS
from streamer.cli import main
from streamer.settings import Settings, load, reference, schema
from streamer.settings.reading import read
from tests.streamer.settings.files import write_card

CONFIG = Path(__file__).parents[1] / "config"
REFERENCE = CONFIG / "reference.yaml"


@pytest.fixture(autouse=True)
def _bundled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A network that ships with the package, of which only the card is looked at."""
    write_card(tmp_path / "cell.safetensors", ACTIONS)
    monkeypatch.setattr(recognizers.card, "BUNDLED", tmp_path)


def variants(text: str) -> Iterator[str]:
    """The reference as it is, and with each of the other sources that it shows in comments."""
    source = r"(    # source:\n(?:    #   .*\n)+)"
    others = re.findall(source, text)
    first = re.search(r"    source:\n(?:      .*\n)+", text)
    assert first is not None
    plain = re.sub(source, "", text)
    yield plain
    for other in others:
        yield plain.replace(first.group(), other.replace("    # ", "    "))


def test_the_file_is_what_the_settings_say() -> None:
    assert REFERENCE.read_text() == reference(), "write it anew: takt schema --reference > config/reference.yaml"


def test_the_schema_of_the_chart_is_what_the_settings_say() -> None:
    root = CONFIG.parent
    written = runpy.run_path(str(root / "scripts" / "chart_schema.py"))["whole"]()
    assert (root / "helm/taktstream/values.schema.json").read_text() == written, "run scripts/chart_schema.py"


def test_it_shows_every_key_with_its_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Loaded, each of its variants is what the settings are when only that is given which must be."""
    monkeypatch.chdir(tmp_path)
    Path("film.mp4").touch()
    kinds = []
    for text in variants(reference()):
        Path("everything.yaml").write_text(text)
        everything = load(Path("everything.yaml"), {})
        said = read(Path("everything.yaml"), {}).value
        assert not list(without_key(everything, said))
        kinds.append(everything.streams[0].source.kind)
        least = {
            "mqtt": {
                "home_assistant": {},
                "sparkplug": {key: said["mqtt"]["sparkplug"][key] for key in ("group", "edge_node")},
            },
            "sinks": [{key: said["sinks"][0][key] for key in ("kind", "id", "file")}],
            "http": {"tokens": [{key: said["http"]["tokens"][0][key] for key in ("name", "token")}]},
            "webrtc": {"ice_servers": [{"url": said["webrtc"]["ice_servers"][0]["url"]}]},
            "recognizers": {"cell": {}},
            "streams": [{
                "id": "cell-4",
                "source": given(said["streams"][0]["source"]),
                "watches": [{"id": "bench", "recognizer": "cell", "events": {"default": {}}, "decode": {}}],
            }],
        }  # fmt: skip
        Path("least.yaml").write_text(json.dumps(least))
        assert everything == load(Path("least.yaml"), {})
    assert kinds == ["rtsp", "http", "file", "whip", "whep"]


def given(source: dict[str, object]) -> dict[str, object]:
    return {key: source[key] for key in ("kind", "url", "path") if key in source}


def without_key(value: object, said: object, where: str = "") -> Iterator[str]:
    """Fields of settings that a file does not say, in every section."""
    if isinstance(value, BaseModel):
        assert isinstance(said, dict)
        for name in type(value).model_fields:
            if name not in said:
                yield f"{where}.{name}"
            else:
                yield from without_key(getattr(value, name), said[name], f"{where}.{name}")
    elif isinstance(value, dict) and isinstance(said, dict):
        for name, item in value.items():
            yield from without_key(item, said[name], f"{where}.{name}")
    elif isinstance(value, tuple) and isinstance(said, list):
        for n, item in enumerate(value):
            yield from without_key(item, said[n], f"{where}.{n}")


def test_every_key_has_a_comment() -> None:
    lines = [line for line in reference().splitlines() if line.strip()]
    for before, line in zip(["", *lines], lines, strict=False):
        assert "#" in line or before.lstrip().startswith("# "), line


@pytest.mark.parametrize("file", [REFERENCE, *(CONFIG / "examples").glob("*.yaml")], ids=lambda file: file.name)
def test_takt_check_finds_nothing_wrong(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(file), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["valid"] is True


def test_the_smallest_example_has_ten_lines() -> None:
    assert len((CONFIG / "examples" / "cell.yaml").read_text().splitlines()) <= 10


def test_the_json_schema_speaks_of_every_section() -> None:
    described = schema()
    assert set(described["properties"]) == set(Settings.model_fields)
    assert {"RtspSource", "HttpSource", "FileSource", "Rule", "Mqtt"} <= set(described["$defs"])
