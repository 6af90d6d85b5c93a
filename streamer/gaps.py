"""What was given up is announced: once the way is free again, each loss gets a message of its own."""

from __future__ import annotations

import logging

from streamer.clock import Clock
from streamer.errors import OutboxUnavailable
from streamer.event import GapEvent
from streamer.outbox import Gap, Outbox, Outlet
from streamer.wire import gap_message

_log = logging.getLogger(__name__)

EVERY_S = 5.0
"""Losses are announced together that came together, and no more often: each announcement needs room itself."""


class Gaps:
    """Announces on `<stream>/gaps`, through the outbox, what the outbox has noted as given up.

    While a recipient takes nothing, its losses only add up: an announcement would push out what still waits for it. It
    is made when the recipient took something since, or when nothing waits for it; in the same commit the note goes.
    """

    def __init__(self, outbox: Outbox, clock: Clock) -> None:
        self._outbox = outbox
        self._clock = clock
        self._taken: dict[tuple[int, str], int] = {}
        """What each recipient had taken when its loss was seen first, by gap and recipient."""

    async def run(self) -> None:
        """Announce for as long as the task lives, first what a process before had to leave."""
        while True:
            self._outbox.dropped.clear()
            try:
                waits = await self._announce()
            except OutboxUnavailable as error:
                _log.error("what was lost cannot be announced yet: %s", error)
                waits = True
            if waits:
                await self._clock.sleep(EVERY_S)
            else:
                await self._outbox.dropped.wait()

    async def _announce(self) -> bool:
        """Whether some must wait."""
        gaps = await self._outbox.gaps()
        due = [gap for gap in gaps if any(self._free(gap, name) for name in gap.recipients)]
        if due:
            await self._outbox.accept([gap_message(event_of(gap)) for gap in due], announced=due)
        left = {gap.id for gap in gaps} - {gap.id for gap in due}
        self._taken = {key: taken for key, taken in self._taken.items() if key[0] in left}
        return bool(left)

    def _free(self, gap: Gap, name: str) -> bool:
        outlet = self._outlet(name)
        if outlet is None or outlet.depth == 0:
            return True
        return outlet.taken > self._taken.setdefault((gap.id, name), outlet.taken)

    def _outlet(self, name: str) -> Outlet | None:
        """None: of a recipient that is no more."""
        try:
            return self._outbox.outlet(name)
        except KeyError:
            return None


def event_of(gap: Gap) -> GapEvent:
    return GapEvent(gap.stream, gap.cls, gap.count, gap.reason, gap.at, gap.first, gap.last, gap.term, gap.recipients)
