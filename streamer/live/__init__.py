"""What cameras show, for people who look: single pictures and moving ones, made only while somebody looks."""

from streamer.live.views import Limits, LiveViews

__all__ = ["Limits", "LiveViews"]
