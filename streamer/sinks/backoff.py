"""How long to wait before asking again."""

from __future__ import annotations

import random


def full_jitter(attempt: int, base_s: float, cap_s: float) -> float:
    """Seconds before try number `attempt` (from 1): uniform in [0, min(cap_s, base_s · 2^(attempt-1))].

    Full jitter keeps many services from coming back to one broker in step
    (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
    """
    return random.uniform(0.0, min(cap_s, base_s * 2.0 ** min(attempt - 1, 30)))
