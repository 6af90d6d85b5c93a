"""Somebody who looks at the page: a tab of a real Chromium, of which is noted what must not happen."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Literal
from urllib.parse import urlsplit

from axe_playwright_python.base import AXE_SCRIPT
from playwright.async_api import ConsoleMessage, Locator, Page, Request, Response

from tests.e2e.takt import until

WIDE, NARROW = (1440, 900), (360, 780)
Theme = Literal["dark", "light"]
SIGHTS: tuple[tuple[tuple[int, int], Theme], ...] = (
    (WIDE, "dark"),
    (WIDE, "light"),
    (NARROW, "dark"),
    (NARROW, "light"),
)
_AXE = "async () => (await axe.run({resultTypes: ['violations']})).violations"
_PIXELS = """
(image) => {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [64, 48];
  const brush = canvas.getContext("2d");
  brush.drawImage(image, 0, 0, 64, 48);
  return [...brush.getImageData(0, 0, 64, 48).data].join();
}
"""


class Visitor:
    """`errors`: what the console complained of; `strays`: addresses that were asked for besides the service's."""

    def __init__(self, page: Page, base: str) -> None:
        self.page, self._base = page, base
        self.errors: list[str] = []
        self.strays: list[str] = []
        self.refusals: list[tuple[int, str]] = []
        """Answers that were no success: status and path."""
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", self._asked)
        page.on("response", self._answered)

    async def come(self, *path: str) -> None:
        await self.page.goto(f"{self._base}#/{'/'.join(path)}")

    async def go(self, *path: str) -> None:
        """To another view, without loading the page again."""
        await self.page.evaluate("hash => { location.hash = hash; }", f"#/{'/'.join(path)}")

    async def moves(self, picture: Locator, timeout_s: float = 30.0) -> None:
        """Return when a live picture has changed three times."""
        seen: set[str] = set()

        async def looked() -> bool:
            if await picture.evaluate("image => image.naturalWidth") > 0:
                seen.add(await picture.evaluate(_PIXELS))
            return len(seen) > 3

        await until(looked, timeout_s)

    async def obstacles(self, *, all_of_it: bool = True) -> list[str]:
        """What axe-core has against what is shown, on a desk and a phone, in the dark and the light.

        Not `all_of_it`: a dark desk and a light phone, for what is made of parts that were looked at already.
        """
        found = []
        await self.page.emulate_media(reduced_motion="reduce")
        await self.page.evaluate(AXE_SCRIPT)
        for (width, height), theme in SIGHTS if all_of_it else (SIGHTS[0], SIGHTS[-1]):
            await self.page.set_viewport_size({"width": width, "height": height})
            await self.page.emulate_media(color_scheme=theme)
            wide = await self.page.evaluate("document.documentElement.scrollWidth - innerWidth")
            found += [f"{width} px, {theme}: {_told(one)}" for one in await self.page.evaluate(_AXE)]
            found += [f"{width} px, {theme}: {wide} px too wide"] if wide > 0 else []
        await self.page.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})
        return found

    def _said(self, line: ConsoleMessage) -> None:
        # A refusal that the page shows is told by the browser too, as if nobody had expected it.
        if line.type in ("error", "warning") and "Failed to load resource" not in line.text:
            self.errors.append(line.text)

    def _asked(self, request: Request) -> None:
        parts, own = urlsplit(request.url), urlsplit(self._base)
        if parts.scheme not in ("data", "blob") and parts.netloc != own.netloc:
            self.strays.append(request.url)

    def _answered(self, response: Response) -> None:
        if response.status >= 400:
            self.refusals.append((response.status, urlsplit(response.url).path))


def _told(violation: dict[str, Any]) -> str:
    nodes = "; ".join(f"{node['html'][:160]} ({node['failureSummary']})" for node in violation["nodes"][:3])
    return f"{violation['id']}: {nodes}"


@asynccontextmanager
async def visiting(page: Page, base: str) -> AsyncIterator[Visitor]:
    """Look at the page of a service; afterwards nothing was asked of others, and the console is clean."""
    await page.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})
    visitor = Visitor(page, base)
    yield visitor
    assert visitor.strays == []
    assert visitor.errors == []
