"""Pictures of streams: one, or one after the other."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response

from streamer.web.api.asking import Parts, answers, needs, part
from streamer.web.api.problems import known
from streamer.web.api.streams import Id
from streamer.web.telling import Flow

router = APIRouter(tags=["pictures"])
WHAT = "pictures of streams"
BOUNDARY = "takt"
CONTENT_TYPE = f"multipart/x-mixed-replace; boundary={BOUNDARY}"
"""RFC 2046 5.1; a browser shows each part in the place of the one before."""
Width = Annotated[int, Query(ge=64, le=3840, description="pixels; the service may give fewer")]
_JPEG = {"description": "a picture", "content": {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}}}
_FILM = {
    "description": "JPEG after JPEG",
    "content": {"multipart/x-mixed-replace": {"schema": {"type": "string", "format": "binary"}}},
}


@router.get(
    "/streams/{stream}/snapshot.jpg",
    dependencies=[needs("pictures")],
    responses={**answers(200, None, 404, 501), 200: _JPEG},
    response_class=Response,
)
async def snapshot(stream: Id, api: Parts, width: Width = 1280) -> Response:
    """The newest picture."""
    with known("stream"):
        picture = await part(api.live, WHAT).snapshot(stream, width)
    return Response(picture, media_type="image/jpeg")


@router.get(
    "/streams/{stream}/live.mjpeg",
    dependencies=[needs("pictures")],
    responses={**answers(200, None, 404, 501), 200: _FILM},
    response_class=Response,
)
async def live(stream: Id, api: Parts, width: Width = 640, fps: Annotated[float, Query(gt=0, le=30)] = 10) -> Response:
    """The newest pictures, one after the other, for `<img>`."""
    with known("stream"):
        return await Flow.begun(_parts(part(api.live, WHAT).mjpeg(stream, width, fps)), CONTENT_TYPE)


async def _parts(pictures: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    """Each with the line that begins the next one: browsers show a part when they see where it ends. The answer begins
    at once, also of a camera that is away: only then is it noticed when the viewer goes."""
    async with aclosing(pictures):
        yield f"--{BOUNDARY}\r\n".encode()
        async for picture in pictures:
            head = f"Content-Type: image/jpeg\r\nContent-Length: {len(picture)}\r\n\r\n".encode()
            yield b"".join((head, picture, f"\r\n--{BOUNDARY}\r\n".encode()))
