"""The page's own files: served from the package, by a list of types, and by nothing that asks others."""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable

from fastapi import FastAPI, Request
from fastapi.exceptions import HTTPException
from fastapi.responses import Response

from streamer.web.files import FIELDS, TYPES, kind_of, tag_of

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; "
    "connect-src 'self'; font-src 'self'; manifest-src 'self'; frame-ancestors 'none'; base-uri 'none'; "
    "form-action 'self'"
)
"""Nothing inline, and nothing from elsewhere."""
_HEADERS = {
    **FIELDS,
    "Content-Security-Policy": POLICY,
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
}


def add_pages(app: FastAPI) -> None:
    """`/` is the page, `/static/…` what it is made of."""
    root = files("streamer.web") / "static"

    async def page(request: Request) -> Response:
        return _file(root, "index.html", request)

    async def static(name: str, request: Request) -> Response:
        return _file(root, name, request)

    for path, endpoint in (("/", page), ("/static/{name:path}", static)):
        app.add_api_route(path, endpoint, methods=["GET", "HEAD"], include_in_schema=False)


def _file(root: Traversable, name: str, request: Request) -> Response:
    """Read each time: they are few and small, and the machine keeps them in memory."""
    parts, kind = name.split("/"), TYPES.get(kind_of(name))
    if kind is None or any(not part or part.startswith(".") or "\\" in part or "\0" in part for part in parts):
        raise HTTPException(404)
    try:
        text = root.joinpath(*parts).read_bytes()
    except OSError:  # not there, a folder, a name that is too long
        raise HTTPException(404) from None
    tag = tag_of(text)
    headers = {**_HEADERS, "ETag": tag, "Content-Type": kind}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(text, headers=headers)
