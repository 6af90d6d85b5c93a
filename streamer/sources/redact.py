"""Addresses without their secrets: the only form in which an address leaves a source."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

from streamer.errors import SourceRejected

_LOGIN = re.compile(r"(?i)(pass|password|passwd|pwd|token)[=:]")
"""Some cameras want it in the path: `rtsp://cam/user=admin_password=1234_channel=1.sdp`."""


def redact(url: str) -> str:
    """`rtsp://***@host:554/path?***`: no user, no password, no query value, no fragment, no login in the path.

    Everything up to the last `@` of the address is taken for credentials, since people put `/`, `#` and `@`
    into passwords without quoting them.
    """
    scheme, found, rest = url.partition("://")
    if not found:
        return Path(url).name or "file"
    at = rest.rfind("@")
    secret = "***@" if at >= 0 else ""
    rest = rest[at + 1 :]
    path, query, _ = rest.partition("?")
    path, fragment, _ = path.partition("#")
    host, _, place = path.partition("/")
    path = f"{host}/***" if _LOGIN.search(place) else path
    return f"{scheme}://{secret}{path}{'?***' if query or fragment else ''}"


def with_credentials(url: str, credentials_file: Path | None) -> str:
    """The URL with the `user:password` of a file merged in; never log the result.

    Raises:
        SourceRejected: `auth`: the file cannot be read or does not hold `user:password`.
    """
    if credentials_file is None:
        return url
    try:
        text = credentials_file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise SourceRejected("auth", f"cannot read the credentials file {credentials_file}") from None
    user, found, password = text.partition(":")
    if not found or not user:
        raise SourceRejected("auth", f"the credentials file {credentials_file} must hold one line user:password")
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    login = f"{quote(user, safe='')}:{quote(password, safe='')}"
    return urlunsplit(parts._replace(netloc=f"{login}@{host}"))
