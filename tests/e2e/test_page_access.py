"""Whom the page shows what: a browser with the page's own files, and an API that says as little as is needed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, Route, expect

import streamer.web
from streamer.web.files import TYPES
from tests.e2e.browser import browser

pytestmark = pytest.mark.e2e
STATIC = Path(streamer.web.__file__).with_name("static")
TOKEN = "C4N4RY-0123456789abcdef"
STREAM = {
    "id": "cell", "source": {"kind": "rtsp", "url": "rtsp://cam/"}, "origin": "file",
    "state": "rejected", "reason": "auth",
    "words": "the camera wants another password; check the user name and password", "since_at": 0, "epoch": 0, "fps": 0,
    "blind": "", "watches": [],
}  # fmt: skip


class Api:
    """Lets in who knows the token, and says what that is good for."""

    def __init__(self, *scopes: str) -> None:
        self.scopes = scopes
        self.name: str | None = None
        self.refuses = ""
        self.asked: list[str] = []

    def answer(self, method: str, path: str, body: Any) -> tuple[int, object]:
        self.asked.append(path)
        if path == "session" and method == "POST" and body["token"] == TOKEN:
            self.name = "wall"
        elif path == "session" and method == "POST":
            return 401, {"title": "Unauthorized", "detail": "this token is not known"}
        if path == "session" and self.refuses:
            return 401, {"title": "Unauthorized", "detail": self.refuses}
        if path == "session":
            scopes = list(self.scopes) if self.name else []
            return 200, {"name": self.name, "scopes": scopes, "tokens_needed": True}
        if path == "streams":
            return 200, {"streams": [STREAM, STREAM | {"id": "dock", "state": "live", "words": ""}]}
        return 200, {"events": [], "next": None}


async def shown(page: Page, api: Api) -> None:
    async def give(route: Route) -> None:
        path = route.request.url.removeprefix("http://page.test/").split("?")[0]
        if path.startswith("api/v1/events/live"):
            await route.fulfill(body=": here\n\n", content_type="text/event-stream")
        elif path.startswith("api/v1/"):
            sent = route.request.post_data
            status, told = api.answer(route.request.method, path.removeprefix("api/v1/"), json.loads(sent or "null"))
            await route.fulfill(status=status, body=json.dumps(told), content_type="application/json")
        else:
            name = path.removeprefix("static/") or "index.html"
            await route.fulfill(body=(STATIC / name).read_bytes(), content_type=TYPES[name.rpartition(".")[2]])

    await page.route("**/*", give)
    await page.goto("http://page.test/")


async def test_who_has_no_token_is_asked_for_one_and_what_it_is_not_good_for_is_not_shown(tmp_path: Path) -> None:
    api = Api("read")
    async with browser(tmp_path) as page:
        await shown(page, api)
        field = page.get_by_role("textbox", name="Token")
        await field.fill("wrong")
        await field.press("Enter")
        await expect(page.get_by_role("alert")).to_have_text("This token is not known here.")
        assert await page.get_by_role("heading", name="Wall").count() == 0
        await field.fill(TOKEN)
        await field.press("Enter")
        await expect(
            page.get_by_text("The camera wants another password. Check the user name and password.")
        ).to_be_visible()
        await expect(page.get_by_role("link", name="Add a stream")).to_be_hidden()
        await expect(page.get_by_role("link", name="Share camera")).to_be_hidden()
        await page.get_by_role("link", name="cell", exact=True).click()
        await expect(page.get_by_role("heading", name="cell")).to_be_visible()
        for name in ("Mark a moment", "Remove", "Stop"):
            await expect(page.get_by_role("button", name=name)).to_be_hidden()
        await expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    assert "streams" in api.asked
    assert not [path for path in api.asked if path.startswith(("streams/", "labels"))], "it may have no pictures"


async def test_a_service_that_answers_nobody_says_what_it_must_be_given(tmp_path: Path) -> None:
    api = Api("read")
    async with browser(tmp_path) as page:
        api.refuses = "nobody may ask: give http.tokens"
        await shown(page, api)
        await expect(page.get_by_role("heading", name="The service answers nobody here")).to_be_visible()
        await expect(page.get_by_text("nobody may ask: give http.tokens")).to_be_visible()
        assert await page.get_by_role("dialog").count() == 0
        api.refuses = ""
        await expect(page.get_by_role("textbox", name="Token")).to_be_visible()
    assert "streams" not in api.asked
