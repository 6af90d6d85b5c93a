"""A small MQTT broker in its own process, where no broker is configured. MQTT 3.1.1; the door to amqtt."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass

from streamer.demo.companion import companion, serve_until_alone


@dataclass(frozen=True, slots=True)
class EmbeddedBroker:
    """A running broker."""

    port: int
    websocket_port: int
    """For pages in browsers."""


@contextlib.asynccontextmanager
async def embedded_broker(port: int | None = None) -> AsyncIterator[EmbeddedBroker]:
    """Run a broker on loopback until the block ends, at a free port where none is given.

    Raises:
        TaktError: it did not start.
    """
    async with companion("streamer.demo.broker", "--port", str(port or _free_port())) as ready:
        yield EmbeddedBroker(**ready)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def _serve(port: int, parent: int) -> None:
    from amqtt.broker import Broker  # noqa: PLC0415 - only the broker's own process needs it

    websocket_port = _free_port()
    broker = Broker(
        {
            "listeners": {
                "default": {"type": "tcp", "bind": f"127.0.0.1:{port}"},
                "pages": {"type": "ws", "bind": f"127.0.0.1:{websocket_port}"},
            },
            "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
        }
    )
    await broker.start()
    await serve_until_alone(parent, {"port": port, "websocket_port": websocket_port})
    await broker.shutdown()


def main() -> None:
    parser = argparse.ArgumentParser(description="MQTT 3.1.1 broker on loopback")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--parent", type=int, required=True, help="process to end with")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.CRITICAL)
    asyncio.run(_serve(arguments.port, arguments.parent))


if __name__ == "__main__":
    main()
