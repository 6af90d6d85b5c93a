"""Ports on loopback for servers that must be told theirs."""

from __future__ import annotations

import socket


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """One that nobody has now: of TCP, or of UDP (`SOCK_DGRAM`); the same number may be taken of the other."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
