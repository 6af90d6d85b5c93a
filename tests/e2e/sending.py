"""A process that accepts events as fast as it can and delivers them, until it is killed.

usage: sending.py FOLDER PORT COUNT [PER_SECOND REPLAY_S]     (PORT 0: accept only)

Prints a line `offered KEY` for each event before it is accepted, `accepted KEY STREAM TERM SEQ` when `accept` returned,
`delivered KEY` when the broker acknowledged it, and `done` when COUNT were accepted and nothing waits any more. Never
imports torch.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from streamer.clock import SystemClock
from streamer.delivery import Deliveries
from streamer.outbox import MAIN, Outbox
from streamer.sinks.mqtt import MqttOptions, MqttSink
from streamer.sinks.mqtt.memory import READ_S
from streamer.testing.messages import message, open_action
from streamer.testing.sinks import FakeObserver
from streamer.wire import Message

SETTLE_S = 2.0
"""The consumer of these tests comes back within a second."""


def say(text: str) -> None:
    print(text, flush=True)


class Telling(FakeObserver):
    def delivered(self, message: Message, latency_s: float) -> None:
        say(f"delivered {message.key}")


async def accept(outbox: Outbox, stream: str, count: int, pause_s: float = 0.0) -> None:
    for number in range(count):
        await asyncio.sleep(pause_s)
        opened, event = open_action(stream), message(stream, number)
        say(f"offered {event.key}")
        (kept,) = await outbox.accept([event], opened=[opened])
        say(f"accepted {kept.key} {stream} {kept.term} {kept.seq}")
        await outbox.accept([], closed=[opened.action_id])


async def main(folder: str, port: int, count: int, per_second: float = 0.0, replay_s: float = 0.0) -> None:
    clock, observer = SystemClock(), Telling()
    async with Outbox.open(Path(folder), clock=clock, observer=observer, replay_s=replay_s) as outbox:
        await outbox.adopt()
        if not port:
            await accept(outbox, "a", count)
            return
        async with (
            MqttSink(MqttOptions("127.0.0.1", port, client_id="sender", settle_s=SETTLE_S), clock, observer) as sink,
            asyncio.TaskGroup() as group,
        ):
            deliveries = Deliveries(outbox, {MAIN: sink}, clock, observer)
            if replay_s:
                sink.on_loss(deliveries.lost, await outbox.outlet().newest())
            running = group.create_task(deliveries.run())
            pause_s = 4 / per_second if per_second else 0.0
            await asyncio.gather(*(accept(outbox, stream, count // 4, pause_s) for stream in "abcd"))
            await outbox.outlet().drained()
            if replay_s:
                await asyncio.sleep(SETTLE_S + 2 * READ_S + 1)  # what the last kill took is sent again
                await outbox.outlet().drained()
            running.cancel()
    say("done")
    assert "torch" not in sys.modules


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), *map(float, sys.argv[4:])))
