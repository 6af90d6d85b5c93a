"""Sparkplug B 3.0: the service as an edge node, its streams as devices, on a connection of its own."""
