"""What cameras show, for people who look: single pictures and moving ones, made only while somebody looks."""

from streamer.live.views import CONTENT_TYPE, Limits, LiveViews

__all__ = ["CONTENT_TYPE", "Limits", "LiveViews"]
