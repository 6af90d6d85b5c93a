"""The OpenAPI document, completed by what the framework does not know of us."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

from streamer.access import COOKIE
from streamer.web.api.asking import Scope

DESCRIPTION = """Streams, events, procedures and pictures of a Taktstream service. Errors are application/problem+json.
Bodies of events and documents are those of MQTT (docs/mqtt.md)."""
PROBLEM = {
    "title": "Problem",
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "mistakes": {"type": "array", "items": {"type": "string"}},
    },
}
SECURITY = {
    "token": {"type": "http", "scheme": "bearer", "description": "a token of http.tokens"},
    "session": {"type": "apiKey", "in": "cookie", "name": COOKIE, "description": "see POST /session"},
}


def complete(app: FastAPI) -> dict[str, Any]:
    """The document of the application's routes; made once, as they do not change."""
    if app.openapi_schema is None:
        app.description = DESCRIPTION
        document = app.openapi()
        document["servers"] = [{"url": "/api/v1"}]
        parts = document.setdefault("components", {})
        parts["securitySchemes"] = SECURITY
        parts.setdefault("schemas", {})["Problem"] = PROBLEM
        for path, operations in document["paths"].items():
            for operation in operations.values():
                operation["security"] = [] if path == "/session" else [{"token": []}, {"session": []}]
        for route, scope in scopes(app).items():
            path, method = route
            operation = document["paths"][path][method.lower()]
            operation["description"] = f"{operation.get('description', '')}\n\nScope: `{scope}`.".strip()
    assert app.openapi_schema is not None
    return app.openapi_schema


def scopes(app: FastAPI) -> dict[tuple[str, str], str]:
    """The scope that each route needs, by path and method; those that need none are not in it."""
    found = {}
    for route in app.routes:
        for need in getattr(route, "dependencies", ()):
            if isinstance(need.dependency, Scope):
                for method in getattr(route, "methods", ()):
                    found[getattr(route, "path", ""), method] = need.dependency.scope
    return found
