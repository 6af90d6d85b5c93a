"""The one loop that retries every kind of source."""

from __future__ import annotations

import random
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Literal

from streamer.backoff import full_jitter
from streamer.clock import Clock
from streamer.errors import RecordingBroken, SourceRejected, SourceUnavailable
from streamer.frame import Frame
from streamer.sources.base import Source


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Exponential back-off with full jitter. What only a person can mend is tried rarely: cameras lock accounts."""

    first_s: float = 0.5
    cap_s: float = 30.0
    rejected_first_s: float = 30.0
    rejected_cap_s: float = 600.0
    healthy_s: float = 60.0
    """An attempt that delivered for this long sets the back-off to its beginning."""

    def failures(self, before: int, delivered_s: float | None) -> int:
        """Failures of one kind in a row, this one included; `delivered_s`: how long the attempt gave pictures, if any.

        One that delivered for a moment is forgiven the most, yet not all: a camera that crashes at every
        connection must not be asked twice a second.
        """
        if delivered_s is None:
            return before + 1
        return 1 if delivered_s >= self.healthy_s else min(before, 2) + 1

    def pause_s(self, failures: int, rejected: bool, rng: random.Random) -> float:
        """How long to wait after the nth failure of its kind in a row (from 1)."""
        if rejected:
            first_s = self.rejected_first_s
            return full_jitter(failures, first_s, self.rejected_cap_s, least_s=first_s, rng=rng)
        return full_jitter(failures, self.first_s, self.cap_s, rng=rng)


@dataclass(frozen=True, slots=True)
class Change:
    """What became of a stream's connection; that it is stopped is told by who stopped it."""

    state: Literal["connecting", "live", "backoff", "rejected", "ended", "stopped"]
    epoch: int
    reason: str = ""
    """One word, that of the error (backoff, rejected; ended, where a recording is broken)."""
    detail: str = ""
    """For people; holds no secret."""
    retry_in_s: float = 0.0


async def reconnecting(
    source: Source,
    next_epoch: Callable[[], Awaitable[int]],
    policy: RetryPolicy,
    clock: Clock,
    on_change: Callable[[Change], None],
    rng: random.Random | None = None,
) -> AsyncGenerator[Frame, None]:
    """Frames of attempt after attempt, each with an epoch of its own; ends only where a recording ends.

    `on_change` is called before the first frame of an epoch (`live`) and after its last (`backoff`, `rejected`,
    `ended`), so that whoever listens can begin and end what depends on the epoch.
    """
    rng = rng or random.Random()
    failures, rejected = 0, False
    while True:
        epoch = await next_epoch()
        on_change(Change("connecting", epoch))
        live_since: float | None = None
        try:
            async with aclosing(source.frames(epoch)) as frames:
                async for frame in frames:
                    if live_since is None:
                        live_since = clock.monotonic()
                        on_change(Change("live", epoch))
                    yield frame
            on_change(Change("ended", epoch))
            return
        except RecordingBroken as error:
            on_change(Change("ended", epoch, error.reason, error.detail))
            return
        except (SourceUnavailable, SourceRejected) as error:
            rejected_before, rejected = rejected, isinstance(error, SourceRejected)
            delivered_s = None if live_since is None else clock.monotonic() - live_since
            # Counted apart: a camera that boots refuses connections for a while, and then its first 404 is no habit.
            failures = policy.failures(failures if rejected is rejected_before else 0, delivered_s)
            pause_s = policy.pause_s(failures, rejected, rng)
            state: Literal["rejected", "backoff"] = "rejected" if rejected else "backoff"
            change = Change(state, epoch, error.reason, error.detail, pause_s)
        on_change(change)
        await clock.sleep(change.retry_in_s)
