"""The page's files: by type, guarded against what is foreign, and nothing else of the disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from streamer.testing.api import TOKENS
from streamer.web import pages
from tests.streamer.web.asgi import ask
from tests.streamer.web.conftest import Serving

FILES = {
    "index.html": "text/html; charset=utf-8",
    "js/wall.js": "text/javascript; charset=utf-8",
    "css/wall.css": "text/css; charset=utf-8",
    "icon.svg": "image/svg+xml",
    "fonts/one.woff2": "font/woff2",
}


@pytest.fixture(autouse=True)
def static(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Files of a package of our own."""
    folder = tmp_path / "static"
    for name in (*FILES, ".hidden.js", "notes.md", "deep/.git/a.js"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    (tmp_path / "secret.js").write_text("secret")
    monkeypatch.setattr(pages, "files", lambda _: tmp_path)
    return folder


async def test_files_come_with_their_type_and_a_strict_policy(serving: Serving) -> None:
    async with serving(tokens=TOKENS, loopback=False) as served:
        for target, name in {
            "/": "index.html",
            **{f"/static/{one}": one for one in FILES},
        }.items():
            answer = await ask(served.app, "GET", target)
            assert (answer.status, answer.text.decode(), answer.headers["content-type"]) == (200, name, FILES[name])
            policy = answer.headers["content-security-policy"]
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy
            assert answer.headers["x-content-type-options"] == "nosniff"


async def test_a_file_that_did_not_change_is_not_sent_again(serving: Serving, static: Path) -> None:
    async with serving() as served:
        first = await ask(served.app, "GET", "/static/icon.svg")
        tag = {"if-none-match": first.headers["etag"]}
        again = await ask(served.app, "GET", "/static/icon.svg", tag)
        (static / "icon.svg").write_text("another")
        changed = await ask(served.app, "GET", "/static/icon.svg", tag)
    assert (again.status, again.text) == (304, b"")
    assert (changed.status, changed.text) == (200, b"another")


@pytest.mark.parametrize(
    "name",
    ["../secret.js", "js/../../secret.js", "/etc/passwd", ".hidden.js", "deep/.git/a.js", "notes.md", "js", "", "no.js",
     "..\\secret.js", "js//wall.js", "a\0.js", "x" * 5000 + ".js"],
    ids=range(13),
)  # fmt: skip
async def test_nothing_else_is_there(name: str, serving: Serving) -> None:
    async with serving() as served:
        assert (await ask(served.app, "GET", f"/static/{name}")).status == 404


async def test_only_reading_is_answered(serving: Serving) -> None:
    async with serving() as served:
        assert (await ask(served.app, "POST", "/")).status == 405
        head = await ask(served.app, "HEAD", "/static/icon.svg")
    assert (head.status, head.headers["content-length"]) == (200, "8")
