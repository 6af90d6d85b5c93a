"""The machine: its clock, what the process may open, whether the port is free."""

from __future__ import annotations

import asyncio
import ctypes
import resource

from streamer.clock import Clock
from streamer.doctor.finding import Finding, Notes
from streamer.settings import Settings

BUILT_AT = 1_780_000_000.0
"""Unix seconds (May 2026); a clock before this is wrong."""
FILES = 256
FILES_A_STREAM = 16
_LONGEST_ANSWER_BYTES = 4 << 20
_TIME_ERROR = 5
"""What adjtimex(2) returns while nothing keeps the clock in step."""


async def look(settings: Settings, clock: Clock) -> list[Finding]:
    return [*_clock(clock), *_limits(len(settings.streams)), *await _port(settings.http.host, settings.http.port)]


def _clock(clock: Clock, synchronised: bool | None = None) -> list[Finding]:
    notes = Notes.of("machine", "clock")
    known = _synchronised() if synchronised is None else synchronised
    if clock.now() < BUILT_AT:
        notes.bad("is years behind: events would carry times of the past", "set it, and let NTP keep it (chrony)")
    elif known is False:
        notes.warn(
            "nothing keeps it in step", "run chrony or systemd-timesyncd, and `timedatectl` to see that it works"
        )
    else:
        notes.good("is kept in step" if known else "is plausible; whether it is kept in step cannot be seen here")
    return notes.found


def _synchronised() -> bool | None:
    """By the kernel; None where it does not say."""
    try:
        answer = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.create_string_buffer(512))
    except (OSError, AttributeError):
        return None
    return None if answer < 0 else bool(answer != _TIME_ERROR)


def _limits(streams: int) -> list[Finding]:
    notes = Notes.of("machine", "open files")
    allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = FILES + FILES_A_STREAM * streams
    if allowed != resource.RLIM_INFINITY and allowed < needed:
        fix = f"allow {max(4096, needed)}: LimitNOFILE= of systemd, ulimits of a container, or `ulimit -n`"
        notes.bad(f"{allowed} may be open at once; {streams} streams may need {needed}", fix)
    else:
        notes.good(f"{allowed if allowed != resource.RLIM_INFINITY else 'any number'} may be open at once")
    return notes.found


async def _port(host: str, port: int) -> list[Finding]:
    notes = Notes.of("machine", f"port {host}:{port}")
    try:
        server = await asyncio.start_server(lambda _, writer: writer.close(), host, port)
    except OSError as error:
        if await _is_ours(host, port):
            notes.good("a service answers there already")
        else:
            notes.bad(f"cannot be listened on ({error.strerror})", "give a free http.port, and a host of this machine")
        return notes.found
    server.close()
    await server.wait_closed()
    notes.good("is free")
    return notes.found


async def _is_ours(host: str, port: int) -> bool:
    here = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    try:
        async with asyncio.timeout(2.0):
            reader, writer = await asyncio.open_connection(here, port)
            writer.write(b"GET /metrics HTTP/1.0\r\n\r\n")
            try:
                return await _tells_of_us(reader)
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return False


async def _tells_of_us(reader: asyncio.StreamReader) -> bool:
    """An answer comes in pieces: the head first, then metrics, more of them the more cameras there are."""
    said = b""
    while len(said) < _LONGEST_ANSWER_BYTES and (piece := await reader.read(65_536)):
        said += piece
        if b"takt_build_info" in said:
            return True
    return False
