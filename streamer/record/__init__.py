"""Labelled clips from a live stream, for teaching."""
