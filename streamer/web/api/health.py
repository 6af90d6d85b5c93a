"""How the service does, and the document of this API."""

from __future__ import annotations

from collections import Counter

from fastapi import APIRouter, Request
from fastapi.responses import Response

from streamer.web.api.asking import Parts, answers, needs, told
from streamer.web.api.document import complete
from streamer.web.api.documents import HealthDocument, Json

router = APIRouter(tags=["service"])


@router.get("/health", dependencies=[needs("read")], responses=answers(200, HealthDocument))
async def health(api: Parts) -> Response:
    """How the service does: streams by state, and what waits for the broker."""
    view = api.health()
    return told(
        {
            "version": view.version,
            "ready": view.ready,
            "started_at": round(view.started_at, 3),
            "streams": dict(Counter(stream.state for stream in api.streams.views())),
            "broker": {"state": view.broker, "waiting": view.waiting},
        }
    )


@router.get("/openapi.json", dependencies=[needs("read")], responses=answers(200, Json))
async def document(request: Request) -> Response:
    """This document (OpenAPI 3.1)."""
    return told(complete(request.app))
