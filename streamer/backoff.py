"""How long to wait before asking again."""

from __future__ import annotations

import random


def full_jitter(
    attempt: int, base_s: float, cap_s: float, least_s: float = 0.0, rng: random.Random | None = None
) -> float:
    """Seconds before try number `attempt` (from 1): uniform in [least_s, min(cap_s, base_s · 2^(attempt-1))].

    Full jitter keeps many services from coming back to one broker or camera in step
    (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
    """
    most_s = min(cap_s, base_s * 2.0 ** min(attempt - 1, 32))
    return (rng or random).uniform(least_s, most_s)
