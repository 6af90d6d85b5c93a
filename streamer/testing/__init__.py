"""Fakes, virtual time and the scriptable camera; shipped, never imported by production code except the demo."""
