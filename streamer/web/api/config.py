"""The configuration: as it runs, what it may say, and reading it anew."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from streamer.web.api.asking import Parts, answers, needs, part, told
from streamer.web.api.documents import ChangesDocument, Json

router = APIRouter(tags=["configuration"])


@router.get("/config", dependencies=[needs("read")], responses=answers(200, Json))
async def running(api: Parts) -> Response:
    """As it runs, with defaults; secrets are hidden."""
    return told(api.config())


@router.get("/config/schema", dependencies=[needs("read")], responses=answers(200, Json))
async def schema(api: Parts) -> Response:
    """The JSON Schema of a configuration; a stream is `#/$defs/Stream`."""
    return told(api.schema())


@router.post("/config/reload", dependencies=[needs("admin")], responses=answers(200, ChangesDocument, 501))
async def reload(api: Parts) -> Response:
    """Read the file anew: only what changed begins anew; a file with a mistake changes nothing."""
    changes = await part(api.roster, "configuration that can be read anew while it runs").reload()
    return told({name: list(getattr(changes, name)) for name in ("added", "changed", "removed", "unchanged")})
