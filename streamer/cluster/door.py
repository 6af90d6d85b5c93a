"""The door to Ray: connecting, who is there, and actors on a machine of our choice."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any

from streamer.cluster.bridge import Gone
from streamer.cluster.nodes import Berth, Node, name_of
from streamer.cluster.seat import SeatActor, versions
from streamer.errors import ConfigError

REACH_S, PROBE_S, VERSIONS_S = 5.0, 60.0, 60.0
AUTO = "auto"
OPEN_WORDS = (
    "whoever reaches the cluster may run anything on its machines: start all of it with RAY_AUTH_MODE=token and "
    "RAY_AUTH_TOKEN_PATH (docs/cluster.md), or give cluster.require_token: false where nobody else reaches it"
)
_PROBE = """
import sys
from ray._raylet import GcsClient
from ray.exceptions import AuthenticationError
try:
    GcsClient(address=sys.argv[1]).get_all_node_info(timeout=10)
except AuthenticationError:
    sys.exit(7)
"""
"""Asks a cluster something, with the token that there is or without one."""
_REFUSED = 7


@contextmanager
def connected(address: str, require_token: bool) -> Iterator[Cluster]:
    """Belong to a cluster until left; then its actors of ours end.

    Raises:
        ConfigError: Ray is not installed, nobody answers there, another version does, it lets nobody or everybody in.
    """
    try:
        import ray  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise ConfigError(["--cluster needs Ray: pip install 'taktstream[ray]'"]) from error
    _check_reachable(address)
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    logging.getLogger("ray").setLevel(logging.WARNING)
    try:
        _join(ray, address)
        gcs = ray.get_runtime_context().gcs_address
        if require_token and _answers(gcs, _stranger()):
            raise ConfigError([f"--cluster {address}: {OPEN_WORDS}"])
        yield Cluster(ray)
    finally:
        ray.shutdown()


def _join(ray: Any, address: str) -> None:
    where = f"--cluster {address}"
    try:
        ray.init(address=address, namespace="takt", log_to_driver=False, configure_logging=False)
    except (RuntimeError, ConnectionError, ValueError, ray.exceptions.RayError) as error:
        said = " ".join(str(error).split())
        if "ersion mismatch" in said:
            raise ConfigError([f"{where}: install the same version of Ray and Python everywhere; {said}"]) from error
        words = "no cluster that this machine belongs to; run `ray start` here first, with its token (docs/cluster.md)"
        raise ConfigError([f"{where}: {words}; Ray says: {said}"]) from error


def _check_reachable(address: str) -> None:
    """Ray itself would try for most of a minute."""
    if address == AUTO:
        return
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal():
        raise ConfigError([f"--cluster {address}: must be HOST:PORT of the head, or auto"])
    try:
        socket.create_connection((host.strip("[]"), int(port)), REACH_S).close()
    except (OSError, OverflowError) as error:
        words = "nobody answers there; give HOST:PORT as `ray start --head` says, or auto on a machine of the cluster"
        raise ConfigError([f"--cluster {address}: {words}"]) from error
    if not _answers(address, os.environ):
        words = "it asks for another token; give RAY_AUTH_MODE=token and RAY_AUTH_TOKEN_PATH as on its other machines"
        raise ConfigError([f"--cluster {address}: {words}"])


def _stranger() -> dict[str, str]:
    """Our environment without a token."""
    known = {name: value for name, value in os.environ.items() if not name.startswith("RAY_AUTH_TOKEN")}
    return {**known, "RAY_AUTH_MODE": "disabled"}


def _answers(gcs: str, environment: Mapping[str, str]) -> bool:
    """Whether a cluster lets in who has this environment. A process of its own: Ray looks for a token once in each."""
    command = [sys.executable, "-P", "-c", _PROBE, gcs]
    try:
        asked = subprocess.run(command, env=environment, capture_output=True, timeout=PROBE_S, check=False)
    except subprocess.TimeoutExpired:
        raise ConfigError(
            [f"--cluster {gcs}: no answer within {PROBE_S:g} s; is that the head of a cluster?"]
        ) from None
    return asked.returncode != _REFUSED


class Cluster:
    """Lives on the event loop, save where it says otherwise."""

    def __init__(self, ray: Any) -> None:
        self._ray = ray
        self._actor = ray.remote(SeatActor)
        self._asking = ThreadPoolExecutor(1, thread_name_prefix="ray-nodes")

    async def nodes(self) -> list[Node]:
        """Machines that Ray believes alive. Takes as long as the head does; one question at a time."""
        return await asyncio.get_running_loop().run_in_executor(self._asking, self._nodes)

    async def versions(self, node: str) -> dict[str, str]:
        """What is installed on a machine.

        Raises:
            Gone: it cannot say; the reason is in the words.
        """
        asking = self._ray.remote(versions).options(num_cpus=0, max_retries=0, scheduling_strategy=self._only(node))
        try:
            async with asyncio.timeout(VERSIONS_S):
                return dict(await asking.remote())
        except TimeoutError:
            raise Gone(f"no answer within {VERSIONS_S:g} s") from None
        except Exception as error:
            # Of whatever kind: what cannot be imported there raises as it does.
            raise Gone(_last_line(error)) from error

    def seat(self, berth: Berth, lease_s: float, gpus: float) -> Actor:
        """Begin a worker; returns at once."""
        cpus = float(int(berth.cpus)) if berth.cpus >= 1 else berth.cpus  # Ray takes no 1.5
        made = self._actor.options(
            num_cpus=cpus, num_gpus=gpus, max_restarts=0, max_task_retries=0, max_concurrency=2,
            scheduling_strategy=self._only(berth.node),
        ).remote(berth.slot.id, berth.cpus, lease_s)  # fmt: skip
        return Actor(self._ray, made, f"{made._actor_id.hex()[:8]} on {berth.slot.node}")

    def _only(self, node: str) -> Any:
        return self._ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy(node, soft=False)

    def _nodes(self) -> list[Node]:
        """In a thread."""
        return [
            Node(one["NodeID"], _name(one), one["Resources"].get("CPU", 0.0), one["Resources"].get("GPU", 0.0))
            for one in self._ray.nodes()
            if one["Alive"]
        ]


class Actor:
    """See `streamer.cluster.bridge.Far`."""

    def __init__(self, ray: Any, actor: Any, name: str) -> None:
        self._ray, self._actor, self.name = ray, actor, name

    async def push(self, data: bytes) -> None:
        await self._call(self._actor.push.remote(data))

    async def pull(self) -> bytes:
        data = await self._call(self._actor.pull.remote())
        if data is None:
            raise Gone("it has ended")
        return bytes(data)

    def end(self) -> None:
        # Of a machine that is frozen nobody answers to this for long; a thread more or less does not matter.
        threading.Thread(target=self._kill, name="ray-kill", daemon=True).start()

    def _kill(self) -> None:
        with suppress(self._ray.exceptions.RayError, ValueError):
            self._ray.kill(self._actor)

    async def _call(self, answer: Any) -> Any:
        try:
            return await answer
        except self._ray.exceptions.RayError as error:
            raise Gone(_last_line(error)) from error


def _name(node: dict[str, Any]) -> str:
    """As `ray start --node-name` says, else its host's."""
    said = str(node["NodeName"])
    return name_of(str(node["NodeManagerHostname"]) if said == node["NodeManagerAddress"] else said)


def _last_line(error: Exception) -> str:
    lines = [line for line in str(error).splitlines() if line.strip()]
    return lines[-1].strip() if lines else type(error).__name__
