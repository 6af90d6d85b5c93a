"""Home Assistant finds watches by itself: MQTT discovery in the device form (Home Assistant 2024.11 and later)."""
