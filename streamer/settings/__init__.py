"""Typed settings and their loader."""
