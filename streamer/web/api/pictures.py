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
BOUNDARY = "takt"
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
async def snapshot(stream: Id, api: Parts) -> Response:
    """The newest picture."""
    with known("stream"):
        picture = await part(api.live, "pictures of streams").snapshot(stream)
    return Response(picture, media_type="image/jpeg")


@router.get(
    "/streams/{stream}/live.mjpeg",
    dependencies=[needs("pictures")],
    responses={**answers(200, None, 404, 501), 200: _FILM},
    response_class=Response,
)
async def live(
    stream: Id,
    api: Parts,
    width: Annotated[int, Query(ge=64, le=3840)] = 640,
    fps: Annotated[float, Query(gt=0, le=30)] = 10,
) -> Response:
    """The newest pictures, one after the other, for `<img>`."""
    with known("stream"):
        pictures = part(api.live, "pictures of streams").mjpeg(stream, width, fps)
        return await Flow.begun(_parts(pictures), f"multipart/x-mixed-replace; boundary={BOUNDARY}")


async def _parts(pictures: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    async with aclosing(pictures):
        async for picture in pictures:
            head = f"--{BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(picture)}\r\n\r\n"
            yield head.encode() + picture + b"\r\n"
    yield f"--{BOUNDARY}--\r\n".encode()
