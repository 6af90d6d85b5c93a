"""Published files over HTTP(S): whole and unchanged, or not at all."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterator
from http.client import HTTPException, HTTPMessage
from pathlib import Path
from typing import IO, Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from recognizers.errors import DownloadFailed
from recognizers.files import opened, written

MOST_BYTES = 4 << 30
"""Of a file whose size nobody told."""
_TIMEOUT_S = 30.0
"""Without a single byte."""
_AT_ONCE = 1 << 20
_MOST_DIGITS = 18
"""Of a size that is meant."""

Tick = Callable[[int, int | None], None]
"""Bytes that are there, and bytes of the whole where it is known."""


class _Redirects(HTTPRedirectHandler):
    """Follows a few redirects; never from TLS to plain text."""

    max_redirections = 5

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Request | None:
        if urlsplit(newurl).scheme != "https" and urlsplit(req.full_url).scheme == "https":
            raise DownloadFailed(f"{req.full_url} leads to {newurl}, without TLS; take another mirror")
        check_address(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def fetch(url: str, target: Path, sha256: str, size: int | None, tick: Tick) -> None:
    """Write a published file; whoever looks sees all of it or none. A file that is there is replaced.

    Args:
        sha256: of the whole file, in hexadecimal digits.
        size: in bytes; `None` where nobody told.

    Raises:
        DownloadFailed: the server cannot be reached, does not have it, or sent something else; nothing was written.
        OSError: the disk does not take it, or something else than a file is there.
    """
    check_address(url)
    with written(target) as file:
        digest = hashlib.sha256()
        for chunk in _received(url, size, tick):
            file.write(chunk)
            digest.update(chunk)
        if digest.hexdigest() != sha256.lower():
            raise DownloadFailed(
                f"{url} is not the file that was published: its SHA-256 is {digest.hexdigest()} instead of "
                f"{sha256.lower()}; take another mirror"
            )


def is_whole(path: Path, sha256: str) -> bool:
    """Whether a file is there and is the one that was published.

    Raises:
        OSError: it cannot be read, or is no regular file.
    """
    try:
        with opened(path) as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == sha256.lower()
    except FileNotFoundError:
        return False


def check_address(url: str) -> None:
    """Raises DownloadFailed where it is no http(s) address."""
    try:
        parts = urlsplit(url)
        host, _ = (parts.hostname or "").encode("idna"), parts.port
        fits = parts.scheme in ("http", "https") and bool(host) and "@" not in parts.netloc
    except ValueError:  # also a part of the host's name that is too long
        fits = False
    if not fits:
        raise DownloadFailed("the address must be http(s)://host[:port]/path, without a name or password")
    if not (url.isascii() and url.isprintable() and " " not in url):
        raise DownloadFailed(f"{url}: an address has no spaces and plain letters only; write others as in {quote('ä')}")


def _received(url: str, size: int | None, tick: Tick) -> Iterator[bytes]:
    """The file as it comes; as much as it should have."""
    opener = build_opener(_Redirects())
    with _failing(url), opener.open(Request(url, headers={"User-Agent": "taktstream"}), timeout=_TIMEOUT_S) as answer:
        told = _length(answer)
        if size is not None and told is not None and told != size:
            raise DownloadFailed(f"{url} has {told} bytes instead of {size}; take another mirror")
        wanted = size if size is not None else told
        limit, there = MOST_BYTES if wanted is None else wanted, 0
        tick(there, wanted)
        while chunk := answer.read(_AT_ONCE):
            there += len(chunk)
            if there > limit:
                raise DownloadFailed(f"{url} has more than {limit} bytes; take another mirror")
            yield chunk
            tick(there, wanted)
        if wanted is not None and there < wanted:
            raise DownloadFailed(f"{url} ended after {there} of {wanted} bytes; try again")


def _length(answer: Any) -> int | None:
    told = answer.headers.get("Content-Length", "")
    return int(told) if told.isdecimal() and len(told) <= _MOST_DIGITS else None


@contextlib.contextmanager
def _failing(url: str) -> Iterator[None]:
    """What the library raises becomes ours."""
    try:
        yield
    except HTTPError as error:
        error.close()
        raise DownloadFailed(f"{url}: the server says {error.code} {error.reason}; check the address") from error
    except (URLError, HTTPException, OSError) as error:
        reason = getattr(error, "reason", None) or error
        raise DownloadFailed(
            f"{url} cannot be reached ({reason}); try again, give a mirror, or put the file there by hand"
        ) from error
