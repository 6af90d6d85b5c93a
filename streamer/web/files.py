"""Files of pages over HTTP: their types, what browsers are told of all of them, and when they are not sent again."""

from __future__ import annotations

from hashlib import sha256
from types import MappingProxyType

TYPES = MappingProxyType(
    {
        "html": "text/html; charset=utf-8",
        "css": "text/css; charset=utf-8",
        "js": "text/javascript; charset=utf-8",
        "json": "application/json",
        "webmanifest": "application/manifest+json",
        "svg": "image/svg+xml",
        "png": "image/png",
        "ico": "image/x-icon",
        "woff2": "font/woff2",
        "txt": "text/plain; charset=utf-8",
    }
)
"""What is served, by the end of its name; a file of another kind is not."""
FIELDS = MappingProxyType(
    {
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cache-Control": "no-cache",
    }
)
"""Besides the policy of each page (CSP level 3)."""


def kind_of(name: str) -> str:
    """The end of a file's name."""
    return name.rpartition(".")[2]


def tag_of(content: bytes) -> str:
    """The ETag (RFC 9110 8.8.3): another one where a byte differs."""
    return f'"{sha256(content).hexdigest()[:16]}"'
