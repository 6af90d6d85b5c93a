"""A process that accepts events as fast as it can and delivers them, until it is killed.

usage: sending.py FOLDER PORT COUNT     (PORT 0: accept only)

Prints a line `offered KEY` for each event before it is accepted, `accepted KEY STREAM TERM SEQ` when `accept` returned,
`delivered KEY` when the broker acknowledged it, and `done` when COUNT were accepted and nothing waits any more. Never
imports torch.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from streamer.clock import SystemClock
from streamer.delivery import Delivery
from streamer.outbox import Outbox
from streamer.sinks.mqtt import MqttOptions, MqttSink
from streamer.testing.messages import message, open_action
from streamer.testing.sinks import FakeObserver
from streamer.wire import Message


def say(text: str) -> None:
    print(text, flush=True)


class Telling(FakeObserver):
    def delivered(self, message: Message, latency_s: float) -> None:
        say(f"delivered {message.key}")


async def accept(outbox: Outbox, stream: str, count: int) -> None:
    for number in range(count):
        opened, event = open_action(stream), message(stream, number)
        say(f"offered {event.key}")
        (kept,) = await outbox.accept([event], opened=[opened])
        say(f"accepted {kept.key} {stream} {kept.term} {kept.seq}")
        await outbox.accept([], closed=[opened.action_id])


async def main(folder: str, port: int, count: int) -> None:
    clock, observer = SystemClock(), Telling()
    async with Outbox.open(Path(folder), clock=clock, observer=observer) as outbox:
        if not port:
            await accept(outbox, "cam", count)
            return
        async with (
            MqttSink(MqttOptions("127.0.0.1", port, client_id="sender"), clock, observer) as sink,
            asyncio.TaskGroup() as group,
        ):
            running = group.create_task(Delivery(outbox.outlet(), sink, clock, observer).run())
            await asyncio.gather(*(accept(outbox, stream, count // 4) for stream in "abcd"))
            await outbox.outlet().drained()
            running.cancel()
    say("done")
    assert "torch" not in sys.modules


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
