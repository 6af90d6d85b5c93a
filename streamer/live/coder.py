"""Codes what people look at: in a thread of its own, each picture once, whoever looks at it."""

from __future__ import annotations

import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

from streamer.engine import step_back
from streamer.errors import ClipUnwritable
from streamer.evidence.privacy import Redactor
from streamer.media.jpeg import PLAIN, jpeg, jpeg_of, rgb_of
from streamer.media.planes import Planes

_log = logging.getLogger(__name__)

NICENESS = 5
"""Beside a thread like any other on the same core it gets about a quarter of the time: networks go first."""


class Observer(Protocol):
    def viewers(self, count: int) -> None:
        """So many look, at all streams together."""
        ...

    def picture_coded(self, outcome: str, cpu_s: float = 0.0) -> None:
        """`coded`; `skipped`: a newer one came before its turn, or nobody looks any more; `failed`: it cannot be
        coded, or what must not be seen cannot be hidden."""
        ...


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Shown:
    """A picture as it is sent."""

    jpeg: bytes
    media_s: float
    came_s: float
    """When it was decoded, in monotonic seconds."""


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Seen:
    """A picture to be coded."""

    planes: Planes
    media_s: float
    came_s: float


class Audience(Protocol):
    """Those who look at a stream at one width."""

    @property
    def is_empty(self) -> bool: ...

    def show(self, shown: Shown) -> None:
        """In the coder's thread."""
        ...


class Coder:
    """Of all streams. Of each audience one picture waits at most, the newest."""

    def __init__(self, observer: Observer) -> None:
        self._observer = observer
        self._thread = ThreadPoolExecutor(1, "live", step_back, (NICENESS,))
        self._lock = threading.Lock()
        self._waiting: dict[Audience, tuple[Seen, Redactor]] = {}
        self._closed = False

    def offer(self, audience: Audience, seen: Seen, redactor: Redactor) -> None:
        """Any thread, and never waits: have it coded, and shown with what must not be seen hidden."""
        with self._lock:
            if self._closed:
                return
            is_next = audience in self._waiting
            self._waiting[audience] = (seen, redactor)
            if not is_next:
                self._thread.submit(self._code, audience)
        if is_next:
            self._observer.picture_coded("skipped")

    def close(self) -> None:
        """Nothing more is coded."""
        with self._lock:
            self._closed = True
            self._waiting.clear()
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _code(self, audience: Audience) -> None:
        """In the thread."""
        with self._lock:
            seen, redactor = self._waiting.pop(audience, (None, None))
        if seen is None or redactor is None:
            return
        if audience.is_empty:
            return self._observer.picture_coded("skipped")
        began = time.thread_time()
        try:
            made = coded(seen, redactor)
        except ClipUnwritable as error:
            _log.warning("a picture is not shown: %s", error)
        except Exception:
            _log.exception("a picture is not shown, by a bug")
        else:
            self._observer.picture_coded("coded", time.thread_time() - began)
            return audience.show(Shown(made, seen.media_s, seen.came_s))
        self._observer.picture_coded("failed")


def coded(seen: Seen, redactor: Redactor) -> bytes:
    """A JPEG in which what must not be seen is hidden.

    Raises:
        ClipUnwritable: as `jpeg`.
    """
    if not redactor.privacy.hides:
        return jpeg_of(seen.planes)
    return jpeg(redactor.moving(seen.media_s, rgb_of(seen.planes)), PLAIN)
