"""What happened, kept to be asked for: bounded, on disk, beside the way of the events."""

from streamer.history.history import History, Limits
from streamer.history.table import Entry, Wanted

__all__ = ["Entry", "History", "Limits", "Wanted"]
