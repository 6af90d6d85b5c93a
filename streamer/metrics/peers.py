"""What Prometheus sees of peers of WebRTC."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge

_OUTCOMES = ("accepted", "denied", "occupied", "unfit", "limited")


class PeerMetrics:
    """Any thread may call any method."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._offers = Counter("takt_whip_offers", "Of publishers, by outcome.", ["outcome"], registry=registry)
        for outcome in _OUTCOMES:
            self._offers.labels(outcome)
        self._sessions = Gauge("takt_whip_sessions", "Who publishes now.", registry=registry)
        self._packets = Counter("takt_webrtc_packets_lost", "That never came.", ["stream"], registry=registry)
        self._pictures = Counter(
            "takt_webrtc_pictures_unread", "Coded pictures that nobody read in time.", ["stream"], registry=registry
        )
        self._asked = Counter(
            "takt_webrtc_keyframe_requests", "Key frames that were asked for.", ["stream"], registry=registry
        )

    def offered(self, outcome: str) -> None:
        self._offers.labels(outcome).inc()

    def sessions_are(self, count: Callable[[], int]) -> None:
        """Who is asked when somebody wants to know."""
        self._sessions.set_function(count)

    def lost(self, stream: str, packets: int, pictures: int, asked: int) -> None:
        self._packets.labels(stream).inc(packets)
        self._pictures.labels(stream).inc(pictures)
        self._asked.labels(stream).inc(asked)
