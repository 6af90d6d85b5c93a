"""From scores to action events: what goes on is found in two ways, told in one. Pure."""

from __future__ import annotations

from streamer.segmenter.rules import Decoding, EventRule
from streamer.segmenter.segments import Segmenter

__all__ = ["Decoding", "EventRule", "Segmenter"]
