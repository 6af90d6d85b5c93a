"""Where events become durable before they are sent."""

from streamer.outbox.outbox import BUDGET_BYTES, KEEP_S, Outbox, OutboxObserver
from streamer.outbox.outlet import Outlet
from streamer.outbox.rows import MAIN, DeadLetter, Gap, Queued, Recipient
from streamer.outbox.store import WINDOW, Rules

__all__ = [
    "BUDGET_BYTES",
    "KEEP_S",
    "MAIN",
    "WINDOW",
    "DeadLetter",
    "Gap",
    "Outbox",
    "OutboxObserver",
    "Outlet",
    "Queued",
    "Recipient",
    "Rules",
]
