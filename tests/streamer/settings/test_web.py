"""Who may ask, as a configuration says it."""

from __future__ import annotations

from pathlib import Path

import pytest

from streamer.errors import ConfigError
from streamer.front import build_access
from streamer.settings import Http, load, secrets
from streamer.testing.time import FakeClock
from tests.streamer.settings.files import VALID, write_card


def problems(folder: Path, http: str) -> str:
    card = write_card(folder / "cell.safetensors")
    file = folder / "cell.yaml"
    file.write_text(VALID.replace("CHECKPOINT", str(card)) + f"http: {http}\n")
    try:
        settings = load(file, {})
        build_access(settings.http, FakeClock())
    except ConfigError as error:
        return str(error)
    return "; ".join(secrets(settings))


@pytest.mark.parametrize(
    ("tokens", "words"),
    [
        ("{name: wall}", "give token_file"),
        ("{name: wall, token: null}", "at least 16 characters"),
        ("{name: wall, token: short}", "at least 16 characters"),
        ("{name: wall, token: 0123456789abcdef, token_file: here}", "not both"),
        ("{name: wall, token_file: nowhere}", "nowhere"),
        ("{name: wall, token_file: SHORT}", "at least 16 characters"),
        ("{name: a wall, token: 0123456789abcdef}", "name"),
        ("{name: wall, token: 0123456789abcdef, scopes: [everything]}", "scopes"),
        ("{name: wall, token: 0123456789abcdef, scopes: []}", "scopes"),
        ("{name: a, token: 0123456789abcdef}, {name: a, token: 0123456789abcdeg}", "two have the name a"),
        ("{name: a, token: 0123456789abcdef}, {name: b, token: 0123456789abcdef}", "another's too"),
    ],
)
def test_a_token_that_is_none_is_told(tokens: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "short").write_text("short\n")
    told = problems(tmp_path, f"{{tokens: [{tokens.replace('SHORT', str(tmp_path / 'short'))}]}}")
    assert words in told
    assert "0123456789abcde" not in told


def test_tokens_are_secrets_and_kept_out_of_logs(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("0123456789abcdef\n")
    assert "0123456789abcdef" in problems(tmp_path, f"{{tokens: [{{name: wall, token_file: {tmp_path}/token}}]}}")
    assert "0123456789abcdef" in problems(tmp_path, "{tokens: [{name: wall, token: 0123456789abcdef}]}")


@pytest.mark.parametrize(
    ("host", "local"), [("127.0.0.1", True), ("::1", True), ("0.0.0.0", False), ("cell-pc", False)]
)
def test_only_a_loopback_address_is_local(host: str, local: bool) -> None:
    http = Http(host=host)
    assert http.local is local
    assert build_access(http, FakeClock()).tokens_needed is not local
