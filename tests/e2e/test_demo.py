"""The demo as a person sees it: it ends by itself, judges itself, and Ctrl-C is clean."""

import asyncio
import json
import os
import re
import shutil
import signal
import sys
from pathlib import Path

import pytest

CHROMIUM = shutil.which("chromium")
ACTION = re.compile("pick|place|tighten|loosen|inspect|put away")
TAKT = Path(sys.executable).with_name("takt")
pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]


async def takt_demo(*arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        str(TAKT), "demo", *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )


def companions_of(pid: int) -> list[str]:
    """Command lines of the demo's own processes that still run."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
            if f"--parent {pid}" in line:
                found.append(line)
    return found


async def test_the_demo_ends_by_itself_and_most_of_what_it_says_is_right() -> None:
    process = await takt_demo("--seconds", "40", "--json")
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    lines = [json.loads(line) for line in out.decode().splitlines()]
    assert "metrics" in lines[0]
    events = [line["event"] for line in lines if "event" in line]
    ended = [event["action_id"] for event in events if event["phase"] == "ended"]
    assert sorted(ended) == sorted(event["action_id"] for event in events if event["phase"] == "started")
    assert len(set(ended)) == len(ended)
    verdicts = [line["step"]["verdict"] for line in lines if "step" in line]
    assert "done" in verdicts
    assert "missed" not in verdicts or sum(line["summary"]["missed"] for line in lines[-1:]) > 0
    assert any("unit" in line for line in lines)
    summary = lines[-1]["summary"]
    # A starved camera leaves pictures out, and then actions are missed; what is said must be right all the same.
    assert summary["done"] >= 5
    assert summary["right"] >= 2, summary
    assert summary["right"] >= 2 * summary["wrong"], summary
    assert companions_of(process.pid) == []


@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
async def test_its_page_is_alive_until_ctrl_c_which_ends_it_with_its_summary() -> None:
    playwright = pytest.importorskip("playwright.async_api", reason="playwright is not installed")
    process = await takt_demo("--seconds", "0", "--mistakes", "--json")
    assert process.stdout is not None
    async with playwright.async_playwright() as started:
        chromium = await started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = await chromium.new_page()
        url = json.loads(await process.stdout.readline())["page"]
        assert (await page.goto(url)).ok
        await playwright.expect(page.locator(".now-action").first).to_have_text(ACTION, timeout=30_000)
        await page.goto(f"{url}retail")
        await playwright.expect(page.locator("#latest li")).not_to_have_count(0, timeout=30_000)
        await playwright.expect(page.locator(".health")).to_have_text("online")
        assert (await page.request.delete(f"{url}api/v1/streams/cell")).status == 204
        await page.goto(url)
        await playwright.expect(page.get_by_role("heading", name="No stream yet")).to_be_visible()
        await chromium.close()
    process.send_signal(signal.SIGINT)
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    assert "summary" in json.loads(out.decode().splitlines()[-1])
    assert b"Traceback" not in err
    assert companions_of(process.pid) == []


async def test_companions_do_not_outlive_a_killed_demo() -> None:
    process = await takt_demo("--seconds", "0", "--json")
    assert process.stdout is not None
    await process.stdout.readline()
    assert len(companions_of(process.pid)) == 2
    os.kill(process.pid, signal.SIGKILL)
    # They hold our pipe open for as long as they live: its end is theirs.
    assert process.stderr is not None
    async with asyncio.timeout(20):
        await process.stderr.read()
    assert companions_of(process.pid) == []
