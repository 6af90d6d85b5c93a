"""Coded pictures as they came from the camera: kept for a while, and written as MP4 without coding them anew."""
