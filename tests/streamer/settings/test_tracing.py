"""Where traces go is said without a secret; what the collector asks for is in a file of its own."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from streamer.clock import SystemClock
from streamer.errors import ConfigError
from streamer.metrics import Metrics
from streamer.settings import secrets
from streamer.traced import build_tracing
from streamer.tracing import NO_TRACING
from tests.streamer.settings.files import VALID, mistakes, read

SECTION = "tracing: {otlp: 'http://collector:4318/v1/traces'}\n"


def test_nothing_is_traced_unless_it_is_asked_for(tmp_path: Path) -> None:
    assert build_tracing(read(tmp_path, VALID), SystemClock(), Metrics()) is NO_TRACING


@pytest.mark.parametrize(
    "url",
    [
        "http://me:pass@collector:4318/v1/traces",
        "https://collector/v1/traces?api_key=pass",
        "collector:4318",
        "grpc://x",
    ],
)
def test_an_address_with_a_secret_or_of_another_kind_is_refused_unquoted(tmp_path: Path, url: str) -> None:
    (problem,) = mistakes(tmp_path, VALID + f"tracing: {{otlp: '{url}'}}\n")
    assert "tracing.otlp: must" in problem
    assert "pass" not in problem.replace("a password", "")


def test_headers_are_read_and_hidden(tmp_path: Path) -> None:
    file = tmp_path / "headers"
    file.write_text("Authorization: Bearer s3cret\nX-Scope-OrgID:  plant 7 \n\n")
    settings = read(tmp_path, VALID + f"tracing: {{otlp: 'http://c:4318/v1/traces', headers_file: {file}}}\n")

    assert settings.tracing.headers() == {"Authorization": "Bearer s3cret", "X-Scope-OrgID": "plant 7"}
    assert {"Bearer s3cret", "s3cret"} <= set(secrets(settings))


@pytest.mark.parametrize("text", ["s3cret", "Name: s3cret\x01", "Na me: s3cret", "Name: s3cré\n", "Name:\n"])
def test_a_file_that_holds_no_headers_is_refused_unquoted(tmp_path: Path, text: str) -> None:
    file = tmp_path / "headers"
    file.write_text("A: b\n" + text)
    settings = read(tmp_path, VALID + f"tracing: {{otlp: 'http://c:4318/v1/traces', headers_file: {file}}}\n")

    with pytest.raises(ConfigError) as caught:
        build_tracing(settings, SystemClock(), Metrics())
    assert caught.value.problems == ("tracing.headers_file: line 2 must be `Name: value`, in printable ASCII",)


def test_a_file_that_is_not_there_is_told_with_its_line(tmp_path: Path) -> None:
    (problem,) = mistakes(tmp_path, VALID + "tracing: {otlp: 'http://c/v1/traces', headers_file: /nowhere}\n")
    assert "tracing.headers_file" in problem


def test_without_the_extra_it_is_said_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = read(tmp_path, VALID + SECTION)
    monkeypatch.setitem(sys.modules, "streamer.tracing.otlp", None)
    with pytest.raises(ConfigError) as caught:
        build_tracing(settings, SystemClock(), Metrics())
    assert "pip install 'taktstream[tracing]'" in caught.value.problems[0]

    monkeypatch.setattr("streamer.settings.checks.find_spec", lambda _: None)
    problems = mistakes(tmp_path, VALID + SECTION)
    assert any("tracing.otlp" in one and "pip install 'taktstream[tracing]'" in one for one in problems)
