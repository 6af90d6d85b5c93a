"""The documents as a site: nothing leads nowhere, all is shown as it is meant, nobody on the internet is asked."""

from __future__ import annotations

import os
import re
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.async_api import async_playwright

from streamer.sinks.mqtt.retrying import REMEDIES as OF_BROKERS
from streamer.sources.remedies import REMEDIES as OF_CAMERAS

ROOT = Path(__file__).parents[1]
WRITTEN = {"configuration": "configuration_page", "metrics": "metrics_page", "logs": "logs_page"}
"""Pages that scripts write."""
RAW = re.compile(r"<(?:p|li|td)>[^<]*(?:```|\n(?:[*-]|\d+\.) |\n\|)")
"""Marks that a page shows, since a list, a table or code was not taken for one."""
FETCHED = re.compile(r'<(?:script|link|img|iframe|source)\b[^>]*(?:src|href|srcset)="(https?:[^"]+)"')


def built(folder: Path, root: Path = ROOT) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1", "PYTHONPATH": str(root)}
    return subprocess.run(words, cwd=root, env=environment, capture_output=True, text=True, timeout=100, check=False)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    done = built(folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def pages(site: Path) -> dict[str, str]:
    return {str(path.relative_to(site)): path.read_text() for path in site.rglob("*.html")}


def test_every_document_is_a_page(site: Path) -> None:
    found = pages(site)
    for document in (ROOT / "docs").rglob("*.md"):
        assert str(document.relative_to(ROOT / "docs").with_suffix(".html")) in found
    assert {"runbooks/index.html", "adr/index.html", "repository/ARCHITECTURE.html"} <= set(found)
    assert "repository/config/reference.yaml.html" in found  # which documents point at, though it is none


def test_every_alert_is_listed_with_what_it_says(site: Path) -> None:
    text = (site / "runbooks" / "index.html").read_text()
    assert "<td><em>instance</em> has N of its file descriptors open</td>" in text
    assert text.count("<td>page</td>") + text.count("<td>ticket</td>") == len(
        list((ROOT / "docs/runbooks").glob("*.md"))
    )
    assert "{{" not in text.partition("<article")[2].partition("</article")[0]


def test_a_link_or_an_anchor_that_leads_nowhere_breaks_the_build(tmp_path: Path) -> None:
    for name in ("mkdocs.yml", *(path.name for path in ROOT.glob("*.md"))):
        shutil.copy(ROOT / name, tmp_path)
    for name in ("docs", "scripts", "config/prometheus", "config/reference.yaml"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        (tmp_path / name).parent.mkdir(exist_ok=True)
        copy(ROOT / name, tmp_path / name)
    with (tmp_path / "docs" / "index.md").open("a") as text:
        text.write("\n[a](nowhere.md) [b](mqtt.md#nowhere)\n")
    done = built(tmp_path / "site", tmp_path)
    assert done.returncode != 0
    assert "nowhere.md" in done.stderr
    assert "#nowhere" in done.stderr


def test_lists_tables_and_code_are_shown_as_such(site: Path) -> None:
    for name, text in pages(site).items():
        words = re.sub(r"<(pre|code|script|style)\b.*?</\1>", "", text, flags=re.DOTALL)
        assert RAW.search(words) is None, name
    assert RAW.search("<p>so:\n* one</p>")


def test_no_page_asks_the_internet_for_anything(site: Path) -> None:
    for name, text in pages(site).items():
        assert FETCHED.findall(text) == [], name
    for sheet in site.rglob("*.css"):
        assert not re.search(r"url\(\W?https?:|@import", sheet.read_text()), sheet


@pytest.mark.e2e
async def test_the_search_finds_without_a_network_also_in_pages_opened_as_files(site: Path) -> None:
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("chromium is not installed (scripts/install-servers)")
    asked: list[str] = []
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = await running.new_page()
        page.on("request", lambda request: asked.append(request.url))
        await page.goto(f"file://{site}/index.html")
        await page.fill("input[name=query]", "quarantine damaged outbox")
        first = page.locator(".md-search-result__item").first
        await first.wait_for(timeout=60_000)
        assert "outbox" in (await first.inner_text()).lower()
        await running.close()
    assert asked
    assert {url.partition(":")[0] for url in asked} <= {"file", "data", "about", "blob"}


@pytest.mark.parametrize("name", WRITTEN)
def test_pages_of_what_the_code_says_are_up_to_date(name: str) -> None:
    script = ROOT / "scripts" / f"{WRITTEN[name]}.py"
    text = runpy.run_path(str(script))["whole"]()
    assert (ROOT / "docs" / f"{name}.md").read_text() == text, f"run {script.relative_to(ROOT)}"


def test_every_reason_of_a_failure_is_a_symptom() -> None:
    """Of cameras and brokers: what the log and `takt probe` say is found in the page, with what to do."""
    text = (ROOT / "docs" / "troubleshooting.md").read_text()
    for reason in {*OF_CAMERAS, *OF_BROKERS}:
        assert re.search(rf"\b{reason}\b", text), reason


def test_codes_that_documents_name_are_logged() -> None:
    known = set(re.findall(r"`([a-z_]+\.[a-z_]+)`", (ROOT / "docs" / "logs.md").read_text()))
    areas = {code.partition(".")[0] for code in known}
    named = re.findall(r"`([a-z_]+\.[a-z_]+)\b", (ROOT / "docs" / "troubleshooting.md").read_text())
    keys = {"evidence.memory_mib", "outbox.budget_mib", "outbox.replay_s", "live.viewers"}  # of the configuration
    codes = {name for name in named if name.partition(".")[0] in areas} - keys
    assert codes
    assert codes <= known
