"""The machines of a cluster as workers begin on them, come and go."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Collection, Mapping
from importlib.metadata import version
from types import TracebackType
from typing import Protocol, Self

from streamer.clock import Clock
from streamer.cluster.bridge import Bridge, Far, Gone
from streamer.cluster.nodes import Berth, Berths, Changes, Node, Sizes
from streamer.placement import Slot
from streamer.workers.crew import Slots

_log = logging.getLogger(__name__)

LOOK_S = 1.0
"""Seconds from one look at who is there to the next."""
AGAIN_S = 30.0
"""Before a machine on which nothing of ours runs is asked again."""
SILENT_S = 10.0
"""A head that does not answer for as long is told of."""


class Cluster(Protocol):
    """See `streamer.cluster.door`."""

    async def nodes(self) -> list[Node]: ...

    async def versions(self, node: str) -> Mapping[str, str]: ...

    def seat(self, berth: Berth, lease_s: float, gpus: float) -> Far: ...


class Machines:
    """Lives on the event loop; entered as long as workers may begin and live."""

    def __init__(self, cluster: Cluster, sizes: Sizes, lease_s: float, clock: Clock) -> None:
        self._cluster, self._sizes, self._lease_s, self._clock = cluster, sizes, lease_s, clock
        self._tasks = asyncio.TaskGroup()
        self._berths = Berths(sizes)
        self._asked: dict[str, asyncio.Task[str]] = {}
        """By id of a machine, why nothing of ours runs there; empty: it does."""
        self._again_s: dict[str, float] = {}
        self._doubled: Collection[str] = ()

    async def __aenter__(self) -> Self:
        await self._tasks.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._tasks.__aexit__(kind, error, trace)

    async def begin(self, slot: str, end: socket.socket) -> Bridge:
        """See `streamer.workers.hosting.Begin`."""
        berth = self._berths.where(slot)
        far = _Nowhere() if berth is None else self._cluster.seat(berth, self._lease_s, self._sizes.gpus_each)
        bridge = Bridge(far, end, self._clock)
        self._tasks.create_task(bridge.run())
        return bridge

    async def first(self) -> tuple[tuple[Slot, ...], list[str]]:
        """The slots of all machines that are there now, and what is wrong with the others."""
        nodes = await self._cluster.nodes()
        self._ask(nodes)
        if self._asked:
            await asyncio.wait(self._asked.values())
        names = {node.id: node.name for node in nodes}
        wrong = [f"machine {names[id_]}: {why}" for id_, one in self._asked.items() if (why := one.result())]
        return self._look(nodes).came, wrong

    async def watch(self, slots: Slots) -> None:
        """Tell which slots come and go, for as long as the task lives."""
        while True:
            await self._clock.sleep(LOOK_S)
            nodes = await self._answered()
            self._ask(nodes)
            changes = self._look(nodes)
            for slot in changes.went:
                _log.error("worker %s: its machine is gone", slot)
                slots.go(slot)
            for one in changes.came:
                _log.info("worker %s: its machine is there", one.id)
                slots.come(one)

    async def _answered(self) -> list[Node]:
        """Who is there, however long that takes to say."""
        async with asyncio.TaskGroup() as group:
            asking = group.create_task(self._cluster.nodes())
            patience = group.create_task(self._clock.sleep(SILENT_S))
            await asyncio.wait((asking, patience), return_when=asyncio.FIRST_COMPLETED)
            if not asking.done():
                _log.error("the head of the cluster does not answer; workers go on, and none can begin")
            nodes = await asking
            patience.cancel()
        return nodes

    def _look(self, nodes: list[Node]) -> Changes:
        changes = self._berths.alive([node for node in nodes if self._runs(node)])
        for name in set(changes.doubled) - set(self._doubled):
            _log.error("machine %s is there twice; where that lasts, give each a name of its own (--node-name)", name)
        self._doubled = changes.doubled
        return changes

    def _runs(self, node: Node) -> bool:
        asked = self._asked.get(node.id)
        return asked is not None and asked.done() and not asked.result()

    def _ask(self, nodes: list[Node]) -> None:
        """Machines that are new, and at times those that failed."""
        alive, now_s = {node.id for node in nodes}, self._clock.monotonic()
        self._asked = {id_: one for id_, one in self._asked.items() if id_ in alive}
        self._again_s = {id_: again_s for id_, again_s in self._again_s.items() if id_ in alive}
        for node in nodes:
            asked = self._asked.get(node.id)
            due = asked is None or (asked.done() and asked.result() and now_s >= self._again_s.get(node.id, 0.0))
            if due and self._sizes.workers(node):
                self._again_s[node.id] = now_s + AGAIN_S
                self._asked[node.id] = self._tasks.create_task(self._why_not(node))

    async def _why_not(self, node: Node) -> str:
        ours = version("taktstream")
        try:
            theirs = (await self._cluster.versions(node.id)).get("taktstream")
        except Gone as error:
            why = f"taktstream cannot be used there: {error}"
        else:
            why = "" if theirs == ours else f"it has taktstream {theirs}, this one {ours}; install the same everywhere"
        if why:
            _log.error("machine %s gets no workers: %s", node.name, why)
        return why


class _Nowhere:
    """See `Far`: the machine is gone."""

    name = "nowhere"

    async def push(self, data: bytes) -> None:
        raise Gone("its machine is gone")

    async def pull(self) -> bytes:
        raise Gone("its machine is gone")

    def end(self) -> None:
        """Nothing is to end."""
