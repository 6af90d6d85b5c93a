"""Signals as events of the loop."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_log = logging.getLogger(__name__)


@contextmanager
def stop_on_signals(stop: asyncio.Event, again: asyncio.Event | None = None) -> Iterator[None]:
    """The first SIGTERM or SIGINT asks to stop; a second one leaves at once (what is accepted is on disk). SIGHUP sets
    `again`, where there is one and nobody sits at a terminal, which says so when it is closed.

    On a thread of its own: a loop that hangs in a write which nobody reads would not hear of a signal.
    """
    loop = asyncio.get_running_loop()
    hearing, ringing = socket.socketpair()
    ringing.setblocking(False)

    def begin(name: str) -> None:
        stop.set()
        _log.info("%s: stopping; a second signal leaves at once", name)

    def hear() -> None:
        told = False
        while heard := hearing.recv(1):
            if again is not None and heard[0] == signal.SIGHUP:
                loop.call_soon_threadsafe(again.set)
                continue
            if told or stop.is_set():
                os._exit(128 + heard[0])
            told = True
            loop.call_soon_threadsafe(begin, signal.Signals(heard[0]).name)

    signs = [signal.SIGTERM, signal.SIGINT]
    signs += [] if again is None or _is_at_a_terminal() else [signal.SIGHUP]
    before = {sign: signal.signal(sign, lambda *_: None) for sign in signs}
    wakened = signal.set_wakeup_fd(ringing.fileno(), warn_on_full_buffer=False)
    thread = threading.Thread(target=hear, name="signals", daemon=True)
    thread.start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(wakened)
        for sign, handler in before.items():
            signal.signal(sign, handler)
        ringing.close()
        thread.join()
        hearing.close()


def _is_at_a_terminal() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()
