"""How many workers a configuration asks for."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from streamer.placement import MOST_STREAMS

if TYPE_CHECKING:
    from streamer.settings.sections import Settings


def workers_for(streams: int) -> int:
    """How many workers `auto` is: one that is no process of its own as long as it can have all streams, else one more
    than are needed, so that those of a dead one find room."""
    return 1 if streams <= MOST_STREAMS else math.ceil(streams / MOST_STREAMS) + 1


def workers_of(settings: Settings) -> int:
    """On this machine, without `--cluster`."""
    return workers_for(len(settings.streams)) if settings.workers == "auto" else settings.workers
