"""Where events become durable before they are sent."""

from streamer.outbox.outbox import BUDGET_BYTES, Outbox, OutboxObserver
from streamer.outbox.store import WINDOW, Queued

__all__ = ["BUDGET_BYTES", "WINDOW", "Outbox", "OutboxObserver", "Queued"]
