"""What is printed is shown as it is, whoever wrote it: nothing in it is markup, and no terminal obeys it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import streamer
from streamer.cli.output import Output, printable


@pytest.mark.parametrize("text", ["[bold]x[/red]", "[/]", "o[", "a\\", ":smile:", "ä ✓ \t x", "two\nlines"])
def test_nothing_in_a_text_is_markup(capsys: pytest.CaptureFixture[str], text: str) -> None:
    Output(machine=False).result({}, (text, "green"), f": {text}")
    Output(machine=False).problem(text)
    shown = text.expandtabs(8)
    told = capsys.readouterr()
    assert told.out.startswith(shown)
    assert told.err == f"{shown}\n"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(text=st.text(st.characters(exclude_categories=()), max_size=9))
def test_nothing_that_is_printed_moves_the_cursor_or_cannot_be_printed(
    capsys: pytest.CaptureFixture[str], text: str
) -> None:
    Output(machine=False).result({}, text)
    told = capsys.readouterr().out.removesuffix("\n")
    assert not {one for one in told if one < " " or "\x7f" <= one <= "\x9f"} - {"\n"}
    told.encode()


def test_what_is_not_printed_is_written_out() -> None:
    assert printable("a\x1b[31m\0\ud800\u202e") == r"a\x1b[31m\x00\ud800\u202e"


def test_machines_get_what_it_was(capsys: pytest.CaptureFixture[str]) -> None:
    Output(machine=True).result({"path": "a\x1b[31m"}, "a\x1b[31m")
    told = capsys.readouterr()
    assert json.loads(told.out) == {"path": "a\x1b[31m"}
    assert told.err == "a\\x1b[31m\n"


def test_no_text_is_marked_up_anywhere() -> None:
    """Then no name in it can be."""
    sources = {path: path.read_text() for path in Path(streamer.__file__).parent.rglob("*.py")}
    assert len(sources) > 50
    assert [
        path for path, text in sources.items() if "rich.markup" in text or "[/]" in text or "markup=True" in text
    ] == []
