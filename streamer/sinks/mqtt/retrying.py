"""When a lost or refused connection to a broker is tried again, and what would mend it."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable

from streamer.backoff import full_jitter
from streamer.clock import Clock

RETRY_BASE_S = 0.5
RETRY_CAP_S = 30.0
HEALTHY_S = 60.0
"""A connection that lasted this long makes the next pause short again."""
REMEDIES = {
    "auth": "check user name, password and the broker's access list",
    "tls": "check the CA file, the certificate's host name and its dates",
    "client_id": "the broker does not like the client id",
    "taken_over": "another client uses the same client id; give each service its own",
}
"""What waiting does not mend: tried rarely, so that no account is locked and no log flooded."""
SLOW_S = (10.0, 60.0)


async def keep_connected(
    connection: Callable[[], Awaitable[tuple[str, float]]], told: Callable[[str], None], clock: Clock
) -> None:
    """One connection after the other until cancelled. Each returns why it ended, which is told, and how many seconds it
    lasted."""
    attempt = 0
    while True:
        reason, lasted_s = await connection()
        attempt = 1 if lasted_s >= HEALTHY_S else attempt + 1
        told(reason)
        await clock.sleep(_pause_s(reason, attempt))


def _pause_s(reason: str, attempt: int) -> float:
    """Seconds before the next try; `attempt` counts from 1 since a connection last was healthy."""
    if reason in REMEDIES:
        return random.uniform(*SLOW_S)
    return full_jitter(attempt, RETRY_BASE_S, RETRY_CAP_S)


def remedy(reason: str) -> str:
    """What to add to a message about it; nothing where waiting mends it."""
    return f" ({REMEDIES[reason]})" if reason in REMEDIES else ""
