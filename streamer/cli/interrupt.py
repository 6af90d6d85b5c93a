"""Ctrl-C while nothing has begun."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

INTERRUPTED = 130


@contextmanager
def leaving_at_once() -> Iterator[None]:
    """Ctrl-C ends the process without a word: there is nothing to end in order yet.

    For imports: an interrupt in the middle of one comes out as whatever error the library makes of it.
    """
    before = signal.signal(signal.SIGINT, lambda *_: os._exit(INTERRUPTED))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
