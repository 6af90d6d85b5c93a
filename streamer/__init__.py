"""From camera to broker: ingest, temporal buffers, action events, delivery. Never imports torch."""
