"""Clips in, predictions out: networks that recognize actions. Knows torch, knows no camera."""
