"""Networks that are live."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from streamer.web.api.asking import Parts, answers, needs, told
from streamer.web.api.documents import ModelsDocument

router = APIRouter(tags=["models"])


@router.get("/models", dependencies=[needs("read")], responses=answers(200, ModelsDocument))
async def models(api: Parts) -> Response:
    """Each recognizer with the network that looks now, its labels, and what its card says was measured."""
    listed = [
        {
            "name": one.name,
            "kind": one.kind,
            "checkpoint": one.checkpoint,
            "id": one.id,
            "labels": list(one.labels),
            "figures": dict(one.figures),
            "shadow": one.shadow,
            "promoted": one.promoted,
        }
        for one in api.models()
    ]
    return told({"models": listed})
