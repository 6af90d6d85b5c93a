"""What the documents say exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import recognizers.card
from streamer.cli import COMMANDS
from streamer.settings import load, load_training
from tests.streamer.settings.files import write_card

ROOT = Path(__file__).parents[1]
DOCUMENTS = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]


def broken_links(document: Path, text: str) -> list[str]:
    """Links to files that are not there."""
    links = re.findall(r"\]\((?!https?:|#)([^)#\s]+)", text)
    return [link for link in links if not (document.parent / link).exists()]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path) -> None:
    assert not broken_links(document, document.read_text())
    assert broken_links(document, "[nowhere](nowhere.md)")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_that_are_named_exist(document: Path) -> None:
    named = set(re.findall(r"(?:^|`|bin/)takt ([a-z]+)", document.read_text(), re.MULTILINE))
    assert named <= set(COMMANDS)


def test_the_configuration_of_the_readme_is_valid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_card(tmp_path / "cell.safetensors")
    monkeypatch.setattr(recognizers.card, "BUNDLED", tmp_path)
    (tmp_path / "cam4").write_text("user:password")
    (block,) = re.findall(r"```yaml\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    (tmp_path / "cell.yaml").write_text(block.replace("/run/secrets", str(tmp_path)))
    assert load(tmp_path / "cell.yaml", {}).streams[0].id == "cell-4"


def test_the_training_files_of_the_documents_are_valid(tmp_path: Path) -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / "training.md").read_text(), re.DOTALL)
    assert len(blocks) >= 3
    for block in blocks:
        (tmp_path / "training.yaml").write_text(block)
        assert load_training(tmp_path / "training.yaml", {}).out.name == "mine.safetensors"


def test_decisions_are_numbered_and_say_where_they_stand() -> None:
    decisions = sorted((ROOT / "docs" / "adr").glob("*.md"))
    assert [int(path.name[:4]) for path in decisions] == list(range(1, len(decisions) + 1))
    for path in decisions:
        text = path.read_text()
        assert text.startswith(f"# {int(path.name[:4])}. ")
        for part in ("**Status:** ", "**Context.** ", "**Decision.**", "**Consequences.** "):
            assert part in text, path.name
        assert len(text.split()) < 600  # a page


NAMED = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")


def absent_tests(text: str) -> list[str]:
    """Of those that a document names, by file and function."""
    missing = []
    for file, function in NAMED.findall(text):
        path = ROOT / file
        there = path.exists() and (not function or re.search(rf"^(async )?def {function}\(", path.read_text(), re.M))
        missing += [] if there else [f"{file}::{function}"]
    return missing


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_tests_that_are_named_exist(document: Path) -> None:
    assert not absent_tests(document.read_text())


def test_every_promise_has_its_number_and_a_test_that_shows_it() -> None:
    text = (ROOT / "docs" / "reliability.md").read_text()
    rows = re.findall(r"^\| \*\*P(\d+)\*\* \| (.+?) \| (.+) \|$", text, re.MULTILINE)
    assert [int(number) for number, _, _ in rows] == list(range(1, 17))
    for number, promise, shown_by in rows:
        assert promise, number
        functions = [function for _, function in NAMED.findall(shown_by)]
        assert functions, number
        assert all(functions), f"P{number}: say which function"
    assert absent_tests("`tests/test_docs.py::test_nothing`") == ["tests/test_docs.py::test_nothing"]
