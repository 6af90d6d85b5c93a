"""Bytes reach a worker however long it takes to listen, and who asks for its words is not kept waiting."""

from __future__ import annotations

import socket
import threading

from streamer.cluster.seat import give, take


def test_what_is_given_waits_for_a_worker_that_does_not_listen_yet() -> None:
    """A configuration of many cameras is larger than what a socket holds."""
    ours, theirs = socket.socketpair()
    data = bytes(range(256)) * 8192
    giving = threading.Thread(target=give, args=(ours, data))
    giving.start()
    assert [take(ours, 0.01) for _ in range(3)] == [b"", b"", b""]
    assert giving.is_alive()
    read = b""
    while len(read) < len(data):
        read += theirs.recv(1 << 16)
    giving.join(5)
    assert not giving.is_alive()
    assert read == data
    ours.close()
    theirs.close()


def test_an_end_is_heard_on_both_sides() -> None:
    ours, theirs = socket.socketpair()
    give(ours, b"")
    assert theirs.recv(1) == b""
    theirs.sendall(b"last words")
    theirs.close()
    assert take(ours, 5.0) == b"last words"
    assert take(ours, 5.0) is None
    ours.close()
    assert take(ours, 5.0) is None
