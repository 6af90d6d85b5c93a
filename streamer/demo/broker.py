"""A small MQTT broker in its own process, where no broker is configured. MQTT 3.1.1; the door to amqtt."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator

START_S = 20.0
STOP_S = 3.0


@contextlib.asynccontextmanager
async def embedded_broker(port: int | None = None) -> AsyncIterator[int]:
    """Run a broker on loopback until the block ends; yields its port (a free one where none is given).

    Raises:
        RuntimeError: it did not start.
    """
    port = port or _free_port()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "streamer.demo.broker", "--port", str(port), "--parent", str(os.getpid()),
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL,
        # Its own session: Ctrl-C in the terminal is for the service, which still has to say goodbye to the broker.
        start_new_session=True,
    )  # fmt: skip
    try:
        await _answering(port, process)
        yield port
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            async with asyncio.timeout(STOP_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


async def _answering(port: int, process: asyncio.subprocess.Process) -> None:
    try:
        async with asyncio.timeout(START_S):
            while process.returncode is None:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                except OSError:
                    await asyncio.sleep(0.05)
                    continue
                writer.close()
                return
    except TimeoutError:
        raise RuntimeError(f"the embedded MQTT broker did not answer within {START_S:g} s") from None
    raise RuntimeError("the embedded MQTT broker did not start: is the `demo` extra installed?")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def _serve(port: int, parent: int) -> None:
    from amqtt.broker import Broker  # noqa: PLC0415 - only the broker's own process needs it

    broker = Broker(
        {
            "listeners": {"default": {"type": "tcp", "bind": f"127.0.0.1:{port}"}},
            "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
        }
    )
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await broker.start()
    # A killed parent cannot end its broker: the broker notices that it was left alone.
    while not stop.is_set() and os.getppid() == parent:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), timeout=1.0)
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
