"""Which worker watches which stream, and how closely. Pure: time and what was measured are arguments."""

from streamer.placement.fleet import MOST_LEVEL, MOST_STREAMS, Cost, Place, Report, Slot, Wish
from streamer.placement.placement import Placement
from streamer.placement.quarantine import Quarantine

__all__ = ["MOST_LEVEL", "MOST_STREAMS", "Cost", "Place", "Placement", "Quarantine", "Report", "Slot", "Wish"]
