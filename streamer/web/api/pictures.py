"""Pictures of streams: one, or one after the other."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response

from streamer.live import CONTENT_TYPE
from streamer.web.api.asking import Parts, answers, needs, part
from streamer.web.api.streams import Id
from streamer.web.telling import Flow

router = APIRouter(tags=["pictures"])
WHAT = "pictures of streams"
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
    return await Flow.begun(part(api.live, WHAT).mjpeg(stream, width, fps), CONTENT_TYPE)
