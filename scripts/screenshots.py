#!/usr/bin/env python3
"""Write docs/images/page/*.webp: every view of the page over `takt demo --mistakes`, by a real browser.

usage: scripts/screenshots.py [--only wall,retail]    (`make screenshots`; two minutes, needs chromium)

Each as a desktop and a phone have it, dark and light. To be looked at: no test can say whether they are beautiful.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import shutil
import sys
import urllib.request
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright.async_api import Browser, Page, async_playwright

from recognizers.data.synthetic import WorkCell
from streamer.clock import SystemClock
from streamer.demo.camera import cell_camera
from tests.e2e.browser import camera_file

ROOT = Path(__file__).parents[1]
OUT = ROOT / "docs/images/page"
WORK = ROOT / "config/procedures/cell.yaml"
MOST_BYTES = 1_500_000
"""Of all together."""
QUALITY = 0.82
BENCHES = {"bench-2": 11, "bench-3": 20}
"""Other cameras of the wall, with the seed of each: added while the demo runs, as somebody at the page would."""
MISTAKE_S = 180.0
"""A step is missed within so many seconds."""
DEVICES = {
    "desktop": {"viewport": {"width": 1280, "height": 800}},
    "phone": {
        "viewport": {"width": 390, "height": 844},
        "device_scale_factor": 2,
        "has_touch": True,
        "is_mobile": True,
    },
}
CLOCK, NUMBERS = SystemClock(), count(1)


async def stay(page: Page) -> None:
    """Nothing more than what the address shows."""


async def mark(page: Page) -> None:
    await page.get_by_role("button", name="Mark").first.click()
    await page.get_by_role("dialog").get_by_role("button", name="tighten").wait_for()


async def steps(page: Page) -> None:
    """As soon as more than one step of a unit is not as it should be."""
    await page.locator(".step[data-colour=amber], .step[data-colour=red]").nth(1).wait_for(timeout=1000 * MISTAKE_S)
    await page.locator(".steps").scroll_into_view_if_needed()


async def share(page: Page) -> None:
    await page.get_by_label("Name of the stream").fill(f"camera-{next(NUMBERS)}")
    await page.get_by_role("button", name="Share this camera").click()
    await page.get_by_text("Your camera is live").wait_for()
    await CLOCK.sleep(3.0)


VIEWS: Mapping[str, tuple[str, Callable[[Page], Awaitable[None]], float]] = {
    "procedure": ("#/streams/cell", steps, 0.0),
    "wall": ("#/", stay, 4.0),
    "stream": ("#/streams/cell", stay, 5.0),
    "feed": ("#/events", stay, 3.0),
    "labelling": ("#/streams/cell", mark, 4.0),
    "retail": ("retail/", stay, 12.0),
    "share": ("#/share", share, 2.0),
}
"""Of each: its address, what is done there, and the seconds until all of it is there."""


@asynccontextmanager
async def demo(folder: Path) -> AsyncIterator[str]:
    """A demo with mistakes and two more cameras; yields the page's address when a step was missed."""
    command = [sys.executable, "-c", "from streamer.cli import main; raise SystemExit(main())"]
    options = ["demo", "--seconds", "0", "--mistakes", "--json"]
    async with AsyncExitStack() as stack:
        process = await asyncio.create_subprocess_exec(*command, *options, stdout=PIPE, stderr=DEVNULL, cwd=ROOT)
        assert process.stdout is not None
        try:
            page = str(json.loads(await process.stdout.readline())["page"])
            for name, seed in BENCHES.items():
                camera = await stack.enter_async_context(cell_camera(seed))
                ask(f"{page}api/v1/streams", bench(name, camera.url))
            async with asyncio.timeout(MISTAKE_S):
                while b'"missed"' not in await process.stdout.readline():
                    pass
            reading = asyncio.create_task(_read(process.stdout))
            yield page
            reading.cancel()
        finally:
            process.terminate()
            await process.wait()


async def _read(lines: asyncio.StreamReader) -> None:
    """So that it need not wait for us."""
    while await lines.readline():
        pass


def bench(name: str, url: str) -> dict[str, Any]:
    watch = {"id": "bench", "recognizer": "cell", "procedure": str(WORK)}
    return {"id": name, "source": {"kind": "rtsp", "url": url}, "watches": [watch]}


def ask(url: str, body: Mapping[str, Any]) -> None:
    origin = "/".join(url.split("/")[:3])
    headers = {"Content-Type": "application/json", "Origin": origin}
    request = urllib.request.Request(url, json.dumps(body).encode(), headers, method="POST")
    with urllib.request.urlopen(request, timeout=20) as answer:
        answer.read()


async def shoot(browser: Browser, page_url: str, view: str, device: str, scheme: str) -> bytes:
    """A view as PNG."""
    address, act, wait_s = VIEWS[view]
    context = await browser.new_context(color_scheme=scheme, permissions=["camera"], **DEVICES[device])  # type: ignore[arg-type]
    try:
        page = await context.new_page()
        await page.goto(page_url + address)
        await CLOCK.sleep(wait_s)
        await act(page)
        await CLOCK.sleep(0.5)
        return await page.screenshot()
    finally:
        await context.close()


async def smaller(page: Page, png: bytes) -> bytes:
    """As WebP, which the browser can write."""
    written = await page.evaluate(
        """async ([text, quality]) => {
          const picture = await createImageBitmap(await (await fetch(`data:image/png;base64,${text}`)).blob());
          const canvas = new OffscreenCanvas(picture.width, picture.height);
          canvas.getContext("2d").drawImage(picture, 0, 0);
          const blob = await canvas.convertToBlob({type: "image/webp", quality});
          const bytes = new Uint8Array(await blob.arrayBuffer());
          return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
        }""",
        [base64.b64encode(png).decode(), QUALITY],
    )
    return base64.b64decode(written)


async def main(views: list[str]) -> int:
    chromium = shutil.which("chromium")
    if chromium is None:
        print("chromium is not installed (scripts/install-servers)", file=sys.stderr)
        return 1
    OUT.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="takt-screenshots-") as folder:
        cell = WorkCell(7, 480)
        film = camera_file(Path(folder) / "camera.mjpeg", [cell.draw(3 + n / 12) for n in range(60)], 12)
        options = [
            "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream", "--no-sandbox",
            "--allow-loopback-in-peer-connection",
            f"--use-file-for-fake-video-capture={film}",
        ]  # fmt: skip
        async with demo(Path(folder)) as url, async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=chromium, args=options)
            press = await browser.new_page()
            for view in views:
                forms = [(device, scheme) for device in DEVICES for scheme in ("light", "dark")]
                pictures = await asyncio.gather(*(shoot(browser, url, view, *form) for form in forms))
                for (device, scheme), png in zip(forms, pictures, strict=True):
                    picture = await smaller(press, png)
                    (OUT / f"{view}-{device}-{scheme}.webp").write_bytes(picture)
                    print(f"{view}-{device}-{scheme}: {len(picture) / 1000:.0f} kB")
            await browser.close()
    whole = sum(path.stat().st_size for path in OUT.glob("*.webp"))
    print(f"{whole / 1e6:.2f} MB together")
    return 0 if whole <= MOST_BYTES else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="screenshots of every view")
    parser.add_argument("--only", help="views, with commas between")
    only = parser.parse_args().only
    sys.exit(asyncio.run(main(only.split(",") if only else list(VIEWS))))
