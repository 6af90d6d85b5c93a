"""Whether the broker still knows what it acknowledged.

A broker that was killed comes back as it was when it last saved, or empty, and does not say so: a client that connects
finds everything well. So we leave a mark with it, retained: a time by which it had all that it had acknowledged. After
each connect it is read back. What was acknowledged after it may be lost; with a broker that is sound, that is what came
within the last second before the connection ended.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable

from streamer.clock import Clock
from streamer.sinks.base import Inbound

_log = logging.getLogger(__name__)

TOPIC = "mark"
"""Below the service's topic."""
EVERY_S = 1.0
"""How often the mark is moved on, where there is something new."""
READ_S = 2.0
"""How long a broker may take to show the mark."""
AHEAD_S = 60.0
"""By so much a clock may have been corrected since the mark was left."""

Leave = Callable[[str], "asyncio.Future[None]"]
"""Retains a mark with the broker; done when it is acknowledged."""


class BrokerMemory:
    """Told of every connection and acknowledgement; tells once a connection since when the broker knows nothing."""

    def __init__(self, clock: Clock, lost: Callable[[float], None], known: float, settle_s: float) -> None:
        """`known`: Unix seconds of the newest acknowledgement of an earlier process; 0: of none.

        `lost` is called on the loop with Unix seconds: what was acknowledged since then may be lost. It is called
        `settle_s` after the connect, when whoever listens has come back too.
        """
        self._clock = clock
        self._lost = lost
        self._settle_s = settle_s
        self._acknowledged = known
        self._before = known
        """The newest acknowledgement of the connections before this one."""
        self._found = 0.0

    def acknowledged(self) -> None:
        self._acknowledged = self._clock.now()

    def heard(self, message: Inbound) -> None:
        """The mark as the broker shows it after a connect."""
        if message.retained:
            try:
                mark = float(json.loads(message.payload))
            except (ValueError, TypeError, OverflowError, RecursionError):
                mark = 0.0
            # One that lies ahead (a clock was set back, or it is not ours) says nothing, and would never be moved on.
            self._found = mark if mark <= self._clock.now() + AHEAD_S else 0.0

    def connecting(self) -> None:
        self._found, self._before = 0.0, self._acknowledged

    async def watch(self, leave: Leave) -> None:
        """While a connection lasts: read the mark, tell what is lost, move the mark on."""
        await self._clock.sleep(READ_S)
        if self._before > self._found:
            _log.info("the broker may have forgotten what it acknowledged since %.3f (Unix seconds)", self._found)
            await self._clock.sleep(self._settle_s)
            self._lost(self._found)
        marked = self._found
        while True:
            if self._acknowledged > marked:
                now = self._clock.now()
                await leave(json.dumps(now))
                marked = now
            await self._clock.sleep(EVERY_S)
