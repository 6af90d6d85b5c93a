"""What a person may ask of the outbox and do with it, while the service runs or not."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from typing import Any

from streamer.clock import Clock
from streamer.control import Answer
from streamer.errors import TaktError
from streamer.outbox import DeadLetter, Outbox
from streamer.wire import timestamp

OUTBOX = "outbox"
"""What requests to the desk are for: `do` in each of them."""


class RequestRefused(TaktError):
    """A request that makes no sense."""


class Desk:
    """Answers requests: `{"do": "outbox", "what": "show" | "dead" | "retry" | "replay", …}`."""

    def __init__(self, outbox: Outbox, replay: Callable[[float, str], Awaitable[int]], clock: Clock) -> None:
        """`replay(since, name)` sends again what a recipient got since a time (Unix seconds); KeyError: no such one."""
        self._outbox = outbox
        self._replay_since = replay
        self._clock = clock

    def before(self, others: Answer) -> Answer:
        """Answers what is for the desk; `others` the rest."""

        async def answer(request: Mapping[str, Any]) -> Mapping[str, Any]:
            return await (self.answer if request.get("do") == OUTBOX else others)(request)

        return answer

    async def answer(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        """Raises RequestRefused, or OutboxUnavailable."""
        answers = {"show": self._show, "dead": self._dead, "retry": self._retry, "replay": self._replay}
        what = str(request.get("what"))
        if what not in answers:
            raise RequestRefused(f"nothing is known of {what!r}; there are: {', '.join(answers)}")
        return await answers[what](request)

    async def _show(self, _: Mapping[str, Any]) -> Mapping[str, Any]:
        return {
            "waiting": await self._outbox.waiting(),
            "dead": len(await self._outbox.dead_letters()),
            "gaps": [asdict(gap) for gap in await self._outbox.gaps()],
        }

    async def _dead(self, _: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"letters": [_told(letter) for letter in await self._outbox.dead_letters()]}

    async def _retry(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        asked = request.get("ids")
        known = [letter.id for letter in await self._outbox.dead_letters()]
        ids = known if asked is None else [id_ for id_ in known if id_ in asked]
        return {"asked": len(known if asked is None else asked), "retried": await self._outbox.retry(ids)}

    async def _replay(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        name, seconds = str(request.get("sink", "main")), request.get("seconds")
        since = 0.0 if seconds is None else self._clock.now() - float(seconds)
        try:
            return {"sink": name, "replayed": await self._replay_since(since, name)}
        except KeyError:
            raise RequestRefused(f"there is no sink {name}; `takt outbox show` names those there are") from None


def _told(letter: DeadLetter) -> dict[str, object]:
    return {**asdict(letter), "key": str(letter.key), "refused_at": timestamp(letter.refused_at)}
