"""One trace per event, from its newest picture to the broker's receipt. Nothing of it lives in memory alone."""

from streamer.tracing.seam import NO_TRACING, Tracing
from streamer.tracing.traces import EventTraces

__all__ = ["NO_TRACING", "EventTraces", "Tracing"]
