"""What Prometheus sees of us, and its door."""

from streamer.metrics.fleet import FleetMetrics
from streamer.metrics.metrics import CONTENT_TYPE, Metrics

__all__ = ["CONTENT_TYPE", "FleetMetrics", "Metrics"]
